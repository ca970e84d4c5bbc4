"""Checks of what the server uses: the database and its schema, the store and its bucket, the accounts."""

import os
from importlib.metadata import version

import psycopg2
import sqlalchemy
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lab import database_schema, store
from lab.doctor import REQUEST_SECONDS, Finding


def database_reader() -> str:
    """Check that the read-only account of the database can read and cannot write."""
    try:
        connection = psycopg2.connect("", connect_timeout=REQUEST_SECONDS)
    except psycopg2.OperationalError as error:
        raise Finding(
            f"Postgres refuses the account {os.environ['PGUSER']}: {str(error).strip()}\n"
            "If the message is about too many connections, close programs that use the database. "
            "If you changed LAB_DB_READER_PASSWORD in .env: docker compose up --wait"
        ) from None
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_table_privilege('runs', 'SELECT'), has_table_privilege('runs', 'INSERT')"
        )
        reads, writes = cursor.fetchone()
    connection.close()
    if (reads, writes) != (True, False):
        raise Finding(
            f"The account {os.environ['PGUSER']} should be able to read and not to write. "
            f"It can read: {reads}. It can write: {writes}. Set its grants again: docker compose up --wait"
        )
    return f"{os.environ['PGUSER']} can read and cannot write"


# Fails quickly instead of trying again.
HASTY = Config(
    connect_timeout=REQUEST_SECONDS, read_timeout=REQUEST_SECONDS, retries={"total_max_attempts": 1}
)


def store_reader() -> str:
    """Check that the read-only account of the artifact store can read the bucket."""
    bucket, account = os.environ["LAB_S3_BUCKET"], os.environ["LAB_S3_ACCESS_KEY"]
    try:
        store.s3_client(HASTY).list_objects_v2(Bucket=bucket, MaxKeys=1)
    except (BotoCoreError, ClientError) as error:
        raise Finding(
            f"The account {account} cannot read the store's bucket {bucket}: {error}\n"
            "For MinIO, the service store-setup creates the bucket and the account at every start, with the secrets in "
            ".env: docker compose up --wait\n"
            "In another store you create them yourself: see docs/another-store.md"
        ) from None
    return f"{account} can read the bucket {bucket}"


def store_reader_cannot_write() -> str:
    """Check that the read-only account of the artifact store cannot write."""
    account = os.environ["LAB_S3_ACCESS_KEY"]
    try:
        # No object has this ETag. So nothing is written, even if the account may write.
        store.s3_client(HASTY).put_object(
            Bucket=os.environ["LAB_S3_BUCKET"], Key="lab-doctor", Body=b"", IfMatch="none"
        )
        outcome = "the store accepted an object"
    except ClientError as error:
        outcome = error.response["Error"]["Code"]
    if outcome != "AccessDenied":
        raise Finding(
            f"The account {account} should not be able to write to the store, but it can ({outcome}). "
            "For MinIO, set its policy again: docker compose up --wait\n"
            "In another store you do that yourself: see docs/another-store.md"
        )
    return f"{account} cannot write"


def schema() -> str:
    """Check that the database has the schema of the installed MLflow."""
    try:
        problem = database_schema.problem(store.engine())
    except sqlalchemy.exc.SQLAlchemyError as error:
        raise Finding(
            f"The database's schema cannot be read: {str(error).splitlines()[0]}"
        ) from None
    if problem:
        raise Finding(problem)
    return f"the schema of MLflow {version('mlflow')}"


# Each check depends on the previous ones.
DATABASE = {"database account": database_reader, "database schema": schema}
STORE = {"store account": store_reader, "store is read-only": store_reader_cannot_write}
