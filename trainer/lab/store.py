"""What is behind the server: the database's rows and the store's objects, read with read-only accounts."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import sqlalchemy
from botocore.client import BaseClient
from botocore.config import Config

from lab.artifacts import path_of


@dataclass(frozen=True)
class StoredObject:
    """One object in the store: its key, its size in bytes, and its MD5 (S3's ETag) as hex digits."""

    key: str
    size: int
    md5: str


def engine() -> sqlalchemy.Engine:
    """Return a read-only connection to MLflow's database, Postgres or SQLite."""
    if os.environ.get("LAB_MODE") == "stack":
        # libpq, Postgres's client library, reads the address and the account from the PG* variables.
        return sqlalchemy.create_engine("postgresql+psycopg2://")
    return sqlalchemy.create_engine(
        f"sqlite:///file:{os.environ['LAB_SQLITE_FILE']}?mode=ro&uri=true"
    )


def rows(
    connection: sqlalchemy.Connection, table: str, columns: list[str], **where: str
) -> list[dict[str, Any]]:
    """Return the given columns of the rows of `table` in which every column of `where` has its value."""
    clause = " AND ".join(f"{name} = :{name}" for name in where)
    # The names come from this package's own lists. The values are bound.
    query = sqlalchemy.text(f"SELECT {', '.join(columns)} FROM {table} WHERE {clause} ORDER BY 1")  # noqa: S608
    return [dict(row) for row in connection.execute(query, where).mappings()]


def objects(prefix: str) -> Iterator[StoredObject]:
    """Yield the store's objects below `prefix`, a key without a slash at its end."""
    if os.environ.get("LAB_MODE") == "stack":
        yield from s3_objects(prefix)
        return
    root = Path(os.environ["LAB_ARTIFACTS_DIR"])
    for path in sorted((root / prefix).rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
            yield StoredObject(path.relative_to(root).as_posix(), len(content), md5)


def objects_at(location: str) -> list[StoredObject]:
    """Return the objects of a run or a logged model, given its artifact location.

    There are none if the server does not store the files.
    """
    path = path_of(location)
    return [] if path is None else list(objects(path))


def s3_client(config: Config | None = None) -> BaseClient:
    """Return a client of the object store with the trainer's account, which can only read."""
    return boto3.client(
        "s3",
        endpoint_url=os.environ["LAB_S3_ENDPOINT"],
        region_name=os.environ["LAB_S3_REGION"],
        aws_access_key_id=os.environ["LAB_S3_ACCESS_KEY"],
        aws_secret_access_key=os.environ["LAB_S3_SECRET_KEY"],
        config=config,
    )


def s3_objects(prefix: str) -> Iterator[StoredObject]:
    """Yield the store's objects below `prefix`."""
    paginator = s3_client().get_paginator("list_objects_v2")
    pages = paginator.paginate(Bucket=os.environ["LAB_S3_BUCKET"], Prefix=f"{prefix}/")
    for page in pages:
        for item in page.get("Contents", []):
            yield StoredObject(item["Key"], item["Size"], item["ETag"].strip('"'))
