"""The objects of the server's bucket as a tar archive, for backups.

    python objects.py list           their keys, a line each
    python objects.py save >FILE     an archive with a file objects/KEY for each
    python objects.py load <FILE     puts every objects/KEY of an archive into the bucket

Reads the server's own variables: MLFLOW_ARTIFACTS_DESTINATION, MLFLOW_S3_ENDPOINT_URL, AWS_*.
"""

import os
import sys
import tarfile
from collections.abc import Iterator
from types import SimpleNamespace

import boto3

FOLDER = "objects/"
BUCKET = os.environ["MLFLOW_ARTIFACTS_DESTINATION"].removeprefix("s3://")
s3 = boto3.client("s3", endpoint_url=os.environ["MLFLOW_S3_ENDPOINT_URL"])


def sizes() -> Iterator[tuple[str, int]]:
    """Yield the key and the size in bytes of every object in the bucket."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for item in page.get("Contents", []):
            yield item["Key"], item["Size"]


def save() -> None:
    """Write every object to standard output; one that is deleted meanwhile is left out."""
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as archive:
        for key, _ in sizes():
            try:
                found = s3.get_object(Bucket=BUCKET, Key=key)
            except s3.exceptions.NoSuchKey:
                continue
            member = tarfile.TarInfo(FOLDER + key)
            member.size = found["ContentLength"]
            member.mtime = found["LastModified"].timestamp()
            archive.addfile(member, found["Body"])


def load() -> None:
    """Put every object of the archive on standard input into the bucket."""
    with tarfile.open(fileobj=sys.stdin.buffer, mode="r|") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            if content and member.name.startswith(FOLDER):
                # boto3 asks a file for its position first, which a tar that streams cannot tell.
                body = SimpleNamespace(read=content.read)
                s3.upload_fileobj(body, BUCKET, member.name.removeprefix(FOLDER))


if __name__ == "__main__":
    command = sys.argv[1]
    if command == "list":
        for key, _ in sizes():
            print(key)
    elif command == "save":
        save()
    elif command == "load":
        load()
    else:
        sys.exit(__doc__)
