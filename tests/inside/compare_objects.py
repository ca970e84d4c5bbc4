"""Compare a model's objects in the store with the files that the server gives for it.

    python -m tests.inside.compare_objects MODEL_ID PREFIX

Prints the name of each file that is the same; fails at one that is not.
"""

import os
import sys
from pathlib import Path

import mlflow

from tests.inside.stored import s3_client, stored

model, prefix = sys.argv[1:]
local = Path(mlflow.artifacts.download_artifacts(f"models:/{model}", dst_path="/tmp"))  # noqa: S108
for key in stored(prefix):
    stream = s3_client().get_object(Bucket=os.environ["LAB_S3_BUCKET"], Key=key)["Body"]
    name = key.removeprefix(prefix).lstrip("/")
    assert stream.read() == (local / name).read_bytes(), name
    print(name)
