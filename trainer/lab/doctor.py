"""What can be wrong with a set-up, looked at cause by cause, each with its remedy.

Also the trainer's health check, so it is quick (it does not import MLflow) and leaves nothing behind.
"""

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from urllib.parse import urlsplit
from uuid import uuid4

import requests

from lab import explain
from lab.errors import LabError
from lab.lessons import lab_root

SECONDS = 2


@dataclass(frozen=True)
class Row:
    """One cause: what was found, and if it is bad (ok is False), what to do; ok is None if not looked at."""

    name: str
    ok: bool | None
    text: str


class Finding(Exception):
    """A check failed; the message says what it means and what mends it."""


def address() -> str:
    """Return the server's address, without a slash at its end."""
    uri = os.environ.get(explain.TRACKING_URI)
    if not uri:
        raise Finding(explain.unset())
    if urlsplit(uri).scheme not in ("http", "https") or not urlsplit(uri).hostname:
        raise Finding(explain.no_address(uri))
    return uri.rstrip("/")


def tracking_address() -> str:
    """The shell knows where the server is."""
    return address()


def name_resolves() -> str:
    """The server's name is known here."""
    host = urlsplit(address()).hostname
    try:
        return f"{host} is {socket.gethostbyname(host)}"
    except OSError:
        raise Finding(explain.unreachable(address(), "its name is unknown here")) from None


def port_answers() -> str:
    """Something listens at the server's port."""
    parts = urlsplit(address())
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((parts.hostname, port), timeout=SECONDS):
            return f"port {port} is open"
    except OSError as error:
        raise Finding(explain.unreachable(address(), str(error))) from None


def api(method: str, path: str, **more: object) -> requests.Response:
    """Send one request to the server's REST API; Finding if it is refused or fails."""
    try:
        answer = requests.request(method, f"{address()}{path}", timeout=SECONDS, **more)
    except requests.RequestException as error:
        raise Finding(explain.unreachable(address(), type(error).__name__)) from None
    if answer.status_code == 403 and "Invalid Host header" in answer.text:
        raise Finding(explain.host_refused(address()))
    if answer.status_code >= 500:
        raise Finding(explain.broken(address(), str(answer.status_code)))
    return answer


def is_mlflow() -> str:
    """What answers there is MLflow, and lets us in under this name."""
    answer = api("GET", "/api/2.0/mlflow/experiments/search", params={"max_results": 1})
    if answer.status_code != 200 or "application/json" not in answer.headers.get(
        "content-type", ""
    ):
        raise Finding(explain.not_mlflow(address()))
    return "MLflow's API answers"


def same_version() -> str:
    """Server and client are the same MLflow."""
    server, client = api("GET", "/version").text.strip(), version("mlflow")
    if server != client:
        raise Finding(
            f"The server is MLflow {server}, this client is {client}. "
            "Build both from this checkout: docker compose up --build --wait (embedded: make up)."
        )
    return server


def artifact_round_trip() -> str:
    """A file goes through the server to the store, and comes back."""
    path, sent = f"/api/2.0/mlflow-artifacts/artifacts/lab-doctor-{uuid4().hex}", uuid4().bytes
    stored = api("PUT", path, data=sent)
    back = api("GET", path)
    api("DELETE", path)
    if stored.status_code != 200 or back.content != sent:
        raise Finding(
            f"The server does not pass artifacts on to its store (status {stored.status_code}, {back.status_code}). "
            "It must run with --artifacts-destination, as in docker-compose.yml."
        )
    return f"{len(sent)} bytes, there and back"


def database_reader() -> str:
    """The read-only database account works, and is read-only."""
    import psycopg2

    try:
        connection = psycopg2.connect("", connect_timeout=SECONDS)
    except psycopg2.OperationalError as error:
        raise Finding(
            f"Postgres does not let {os.environ['PGUSER']} in: {str(error).strip()}\n"
            "After a change of LAB_DB_READER_PASSWORD in .env: docker compose up --wait"
        ) from None
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_table_privilege('runs', 'SELECT'), has_table_privilege('runs', 'INSERT')"
        )
        reads, writes = cursor.fetchone()
    connection.close()
    if (reads, writes) != (True, False):
        raise Finding(
            f"The account {os.environ['PGUSER']} should read and not write; it reads: {reads}, writes: {writes}. "
            "Set its grants again: docker compose up --wait"
        )
    return f"{os.environ['PGUSER']} reads and cannot write"


def store_reader() -> str:
    """The read-only account of the artifact store works."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    bucket = os.environ["LAB_S3_BUCKET"]
    s3 = boto3.client(
        "s3",
        endpoint_url=os.environ["LAB_S3_ENDPOINT"],
        aws_access_key_id=os.environ["LAB_S3_ACCESS_KEY"],
        aws_secret_access_key=os.environ["LAB_S3_SECRET_KEY"],
        config=Config(
            connect_timeout=SECONDS, read_timeout=SECONDS, retries={"total_max_attempts": 1}
        ),
    )
    try:
        s3.list_objects_v2(Bucket=bucket, MaxKeys=1)
    except (BotoCoreError, ClientError) as error:
        raise Finding(
            f"The store does not show its bucket {bucket} to {os.environ['LAB_S3_ACCESS_KEY']}: {error}\n"
            "After a change of a secret in .env: docker compose up --wait"
        ) from None
    return f"{os.environ['LAB_S3_ACCESS_KEY']} sees bucket {bucket}"


def checkout() -> str:
    """The lessons can be read."""
    try:
        return str(lab_root())
    except LabError as error:
        raise Finding(str(error)) from None


# Each of these builds on those before it.
SERVER: dict[str, Callable[[], str]] = {
    "tracking address": tracking_address,
    "name resolves": name_resolves,
    "port answers": port_answers,
    "MLflow lets us in": is_mlflow,
    "same version": same_version,
    "artifacts": artifact_round_trip,
}
# Only the stack has these.
ACCOUNTS: dict[str, Callable[[], str]] = {
    "database account": database_reader,
    "store account": store_reader,
}


def look(name: str, check: Callable[[], str]) -> Row:
    """Carry out one check and return its row."""
    try:
        return Row(name, True, check())
    except Finding as finding:
        return Row(name, False, str(finding))


def server_rows() -> list[Row]:
    """Look at what lies between here and a working server, up to the first thing that is wrong."""
    rows: list[Row] = []
    for name, check in SERVER.items():
        failed = next((row.name for row in rows if row.ok is False), None)
        rows.append(Row(name, None, f"waits for: {failed}") if failed else look(name, check))
    return rows


def examine() -> list[Row]:
    """Look at every cause and return what was found, a row each."""
    rows = server_rows()
    if os.environ.get("LAB_MODE") == "stack":
        rows += [look(name, check) for name, check in ACCOUNTS.items()]
    rows.append(look("lessons", checkout))
    return rows
