"""Print as JSON what the artifact store holds: python -m tests.inside.stored [PREFIX]

{key: [size in bytes, digest of the content]}
"""

import hashlib
import json
import os
import sys
from pathlib import Path


def s3_client():
    """Return a client of the stack's object store with the trainer's account."""
    # The embedded mode has no object store.
    import boto3

    return boto3.client(
        "s3",
        endpoint_url=os.environ["LAB_S3_ENDPOINT"],
        aws_access_key_id=os.environ["LAB_S3_ACCESS_KEY"],
        aws_secret_access_key=os.environ["LAB_S3_SECRET_KEY"],
    )


def stored(prefix: str = "") -> dict[str, tuple[int, str]]:
    """Return the size and a digest of every object whose key begins with `prefix`, by key."""
    if os.environ["LAB_MODE"] == "stack":
        listing = s3_client().get_paginator("list_objects_v2")
        pages = listing.paginate(Bucket=os.environ["LAB_S3_BUCKET"], Prefix=prefix)
        objects = [item for page in pages for item in page.get("Contents", [])]
        return {item["Key"]: (item["Size"], item["ETag"]) for item in objects}
    folder = Path(os.environ["LAB_ARTIFACTS_DIR"])
    files = [path for path in (folder / prefix).rglob("*") if path.is_file()]
    return {
        path.relative_to(folder).as_posix(): (
            path.stat().st_size,
            hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in files
    }


if __name__ == "__main__":
    print(json.dumps(stored(*sys.argv[1:])))
