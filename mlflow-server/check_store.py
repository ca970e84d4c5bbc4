"""Check an object store that you already have: can the lab's two accounts do with the bucket what they need to do?

The server's account lists, writes, reads and deletes. The reader's account lists and reads, and must not write. The
program reads the variables LAB_S3_*, and exits with one message about the first thing that does not work.
"""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from uuid import uuid4

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, InvalidRegionError

ENDPOINT, BUCKET = os.environ["LAB_S3_ENDPOINT"], os.environ["LAB_S3_BUCKET"]
# Under a name that no file of a model can have.
KEY = f"lab-check-{uuid4().hex}"
HINT = "docs/another-store.md lists what each account needs."


def client(role: str) -> boto3.client:
    """Return a client for one of the two accounts: "" for the server's, "READER_" for the reader's."""
    return boto3.client(
        "s3",
        endpoint_url=ENDPOINT,
        region_name=os.environ["LAB_S3_REGION"],
        aws_access_key_id=os.environ[f"LAB_S3_{role}ACCESS_KEY"],
        aws_secret_access_key=os.environ[f"LAB_S3_{role}SECRET_KEY"],
        config=Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 3}),
    )


def attempt(action: str, call: Callable[[], object]) -> None:
    """Call the store. Exits with a message if it refuses or does not answer."""
    try:
        call()
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"store-setup: the lab cannot {action} at {ENDPOINT}: {error}\n{HINT}")


def refused(action: str, call: Callable[[], object]) -> None:
    """Call the store with the reader's account. Exits with a message unless the store denies it."""
    try:
        call()
        outcome = "it may"
    except ClientError as error:
        outcome = error.response["Error"]["Code"]
    except BotoCoreError as error:
        outcome = str(error)
    if outcome != "AccessDenied":
        sys.exit(
            f"store-setup: LAB_S3_READER_ACCESS_KEY must not {action} the bucket {BUCKET}, because the trainer has "
            f"this account. Instead of AccessDenied, the answer was: {outcome}\n{HINT}"
        )


def main() -> None:
    """Check both accounts with a small object, which is deleted at the end."""
    try:
        server, reader = client(""), client("READER_")
    except InvalidRegionError as error:
        sys.exit(f"store-setup: LAB_S3_REGION cannot be used: {error}")
    except ValueError as error:
        sys.exit(
            f"store-setup: LAB_S3_ENDPOINT cannot be used: {error}. Give it a whole address, as in "
            "https://s3.example.org"
        )
    attempt(
        f"list the bucket {BUCKET} with LAB_S3_ACCESS_KEY",
        lambda: server.list_objects_v2(Bucket=BUCKET, MaxKeys=1),
    )
    attempt(
        f"write to the bucket {BUCKET} with LAB_S3_ACCESS_KEY",
        lambda: server.put_object(Bucket=BUCKET, Key=KEY, Body=b"lab"),
    )
    try:
        attempt(
            f"list the bucket {BUCKET} with LAB_S3_READER_ACCESS_KEY",
            lambda: reader.list_objects_v2(Bucket=BUCKET, MaxKeys=1),
        )
        attempt(
            f"read from the bucket {BUCKET} with LAB_S3_READER_ACCESS_KEY",
            lambda: reader.get_object(Bucket=BUCKET, Key=KEY)["Body"].read(),
        )
        refused("write to", lambda: reader.put_object(Bucket=BUCKET, Key=KEY, Body=b""))
        refused("delete from", lambda: reader.delete_object(Bucket=BUCKET, Key=KEY))
    except SystemExit:
        # The first message counts, whatever becomes of the small object.
        with suppress(BotoCoreError, ClientError):
            server.delete_object(Bucket=BUCKET, Key=KEY)
        raise
    attempt(
        f"delete an object of the bucket {BUCKET} with LAB_S3_ACCESS_KEY",
        lambda: server.delete_object(Bucket=BUCKET, Key=KEY),
    )
    print(f"store-setup: both accounts work with the bucket {BUCKET} at {ENDPOINT}")


main()
