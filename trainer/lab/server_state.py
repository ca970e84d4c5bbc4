"""The state of the database and the artifact store behind the MLflow server. Every change of their content changes it.

Reading it must be quick. So this module imports neither MLflow nor SQLAlchemy nor boto3, and it reads no content.
"""

import os
import re
import sqlite3
from contextlib import closing
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import requests

from lab import doctor_server, files
from lab.doctor import REQUEST_SECONDS
from lab.files import Unknown

# MLflow creates this experiment with the database, so its time differs between databases.
FIRST_EXPERIMENT = "SELECT creation_time FROM experiments WHERE experiment_id = 0"
# A snapshot says which transactions a query sees. Each transaction that writes has its own number, so the same snapshot
# means the same rows. To use an earlier copy of the data, Postgres has to be restarted, which changes the start time.
POSTGRES = f"""
    SELECT (SELECT system_identifier FROM pg_control_system()), pg_postmaster_start_time()::text,
           (SELECT oid::bigint FROM pg_database WHERE datname = current_database()),
           pg_current_snapshot()::text, ({FIRST_EXPERIMENT})
"""  # noqa: S608 - there is nothing from outside in it
# The header of an SQLite file has a counter of the transactions that have written. Two bytes say whether all changes
# are in this file: they are 1 with a rollback journal, and 2 with a write-ahead log.
HEADER_BYTES = 100
JOURNAL_KIND = slice(18, 20)


def state() -> list[Any]:
    """Return the state.

    Raises Unknown, Finding, OSError, LookupError or ValueError if it cannot be read, or if the server uses another
    database or another store than this mode of the lab.
    """
    match os.environ.get("LAB_MODE"):
        case "stack":
            database, objects, is_stored = postgres(), s3_listing(), is_in_s3
        case "embedded":
            database, objects, is_stored = sqlite(), stored_files(), is_stored_file
        case _:
            raise Unknown("This is neither mode of the lab.")
    if database[-1] != first_experiment():
        raise Unknown("The server uses another database.")
    with doctor_server.uploaded_file(b"lab") as (name, _):
        if not is_stored(name):
            raise Unknown("The server uses another store.")
    return [database, objects]


def first_experiment() -> int:
    """Return when the server's first experiment was created, in milliseconds since 1970."""
    response = doctor_server.api("GET", "/api/2.0/mlflow/experiments/get?experiment_id=0")
    return int(response.json()["experiment"]["creation_time"])


def postgres() -> list[Any]:
    """Return the identity and the snapshot of Postgres's database. The first experiment's creation comes last."""
    import psycopg2  # It is needed in this mode only.

    try:
        with (
            closing(psycopg2.connect("", connect_timeout=REQUEST_SECONDS)) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(POSTGRES)
            return list(cursor.fetchone())
    except psycopg2.Error as error:
        raise Unknown(str(error)) from None


def sqlite() -> list[Any]:
    """Return the stamps and the header of the SQLite file. The first experiment's creation comes last."""
    path = Path(os.environ["LAB_SQLITE_FILE"])
    stamps = [files.stamp(file) for file in (path, Path(f"{path}-journal")) if file.exists()]
    with path.open("rb") as file:
        header = file.read(HEADER_BYTES)
    if header[JOURNAL_KIND] != b"\x01\x01":
        raise Unknown("Changes of the database may be in another file.")
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            (created,) = connection.execute(FIRST_EXPERIMENT).fetchone() or (None,)
    except sqlite3.Error as error:
        raise Unknown(str(error)) from None
    return [stamps, header.hex(), created]


def stored_files() -> list[Any]:
    """Return the stamps of the files in the embedded mode's store."""
    folder = Path(os.environ["LAB_ARTIFACTS_DIR"])
    # The server creates the folder with the first file.
    return files.below(folder) if folder.exists() else []


def is_stored_file(name: str) -> bool:
    """Tell whether the embedded mode's store has the file."""
    return Path(os.environ["LAB_ARTIFACTS_DIR"], name).exists()


def s3_listing(prefix: str = "") -> list[Any]:
    """Return what the store lists of each object: XML with its key, time, size and MD5 hash."""
    # Without boto3, because it first loads descriptions of AWS's services, which takes longer than the request.
    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest

    account = SimpleNamespace(
        access_key=os.environ["LAB_S3_ACCESS_KEY"],
        secret_key=os.environ["LAB_S3_SECRET_KEY"],
        token=None,
    )
    url = f"{os.environ['LAB_S3_ENDPOINT'].rstrip('/')}/{os.environ['LAB_S3_BUCKET']}"
    params = {"list-type": "2", "prefix": prefix}
    objects: list[str] = []
    while True:
        request = AWSRequest("GET", url, params=params)
        S3SigV4Auth(account, "s3", os.environ["LAB_S3_REGION"]).add_auth(request)
        signed = request.prepare()
        response = requests.get(signed.url, headers=dict(signed.headers), timeout=REQUEST_SECONDS)
        response.raise_for_status()
        # Without the rest of the response, which is different each time.
        objects += re.findall("<Contents>.*?</Contents>", response.text, flags=re.DOTALL)
        more = re.search("<NextContinuationToken>(.*?)</NextContinuationToken>", response.text)
        if more is None:
            return objects
        params["continuation-token"] = unescape(more[1])


def is_in_s3(name: str) -> bool:
    """Tell whether the store has the object."""
    return any(f"<Key>{name}</Key>" in listed for listed in s3_listing(prefix=name))
