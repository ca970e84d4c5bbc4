"""What can be wrong behind the server: the database and its schema, the store and its bucket, the accounts."""

import os
from importlib.metadata import version

import psycopg2
import sqlalchemy
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lab import database_schema, store
from lab.doctor import REQUEST_SECONDS, Finding


def database_reader() -> str:
    """The read-only database account works, and is read-only."""
    try:
        connection = psycopg2.connect("", connect_timeout=REQUEST_SECONDS)
    except psycopg2.OperationalError as error:
        raise Finding(
            f"Postgres does not let {os.environ['PGUSER']} in: {str(error).strip()}\n"
            "If it speaks of connections: close the programs that hold some. "
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


# Gives up soon.
HASTY = Config(
    connect_timeout=REQUEST_SECONDS, read_timeout=REQUEST_SECONDS, retries={"total_max_attempts": 1}
)


def store_reader() -> str:
    """The read-only account of the artifact store works, and its bucket is there."""
    bucket, account = os.environ["LAB_S3_BUCKET"], os.environ["LAB_S3_ACCESS_KEY"]
    try:
        store.s3_client(HASTY).list_objects_v2(Bucket=bucket, MaxKeys=1)
    except (BotoCoreError, ClientError) as error:
        raise Finding(
            f"The store does not show its bucket {bucket} to {account}: {error}\n"
            "minio-setup makes bucket and account at every start, with the secrets of .env: "
            "docker compose up --wait"
        ) from None
    return f"{account} sees bucket {bucket}"


def store_reader_cannot_write() -> str:
    """The read-only account of the artifact store is read-only."""
    account = os.environ["LAB_S3_ACCESS_KEY"]
    try:
        # No object has this ETag, so that nothing is written even where it may be.
        store.s3_client(HASTY).put_object(
            Bucket=os.environ["LAB_S3_BUCKET"], Key="lab-doctor", Body=b"", IfMatch="none"
        )
        outcome = "it wrote"
    except ClientError as error:
        outcome = error.response["Error"]["Code"]
    if outcome != "AccessDenied":
        raise Finding(
            f"The account {account} should not write to the store, and may ({outcome}). "
            "Set its policy again: docker compose up --wait"
        )
    return f"{account} cannot write"


def schema() -> str:
    """The database's schema is that of this MLflow."""
    try:
        problem = database_schema.problem(store.engine())
    except sqlalchemy.exc.SQLAlchemyError as error:
        raise Finding(
            f"The database's schema cannot be read: {str(error).splitlines()[0]}"
        ) from None
    if problem:
        raise Finding(problem)
    return f"that of MLflow {version('mlflow')}"


# Each of these builds on those before it.
DATABASE = {"database account": database_reader, "database schema": schema}
STORE = {"store account": store_reader, "store is read-only": store_reader_cannot_write}
