"""Time uploads and downloads of one artifact: through the server, and with boto3.

    python benchmarks/stock/in_trainer/artifacts.py ROUNDS

Prints a line of JSON for each. `python -m benchmarks.stock` runs it in the trainer of a stack of its own,
with the server's key of the store, which the trainer does not have otherwise.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

import boto3
import mlflow
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

SIZES = (1_000, 100_000, 10_000_000, 100_000_000, 1_000_000_000)
# So big a file is tried so often at most.
BIG, BIG_ROUNDS = 1_000_000_000, 2
BLOCK = 1_000_000
client = mlflow.MlflowClient()
store = boto3.client("s3", endpoint_url=os.environ["LAB_S3_ENDPOINT"], region_name="us-east-1")
bucket = os.environ["LAB_S3_BUCKET"]


def upload(file: Path, run: str) -> None:
    """Upload with MLflow's client, through the server."""
    client.log_artifact(run, str(file))


def download(folder: Path, run: str) -> None:
    """Download with MLflow's client, through the server."""
    client.download_artifacts(run, "file.bin", str(folder))


def put(file: Path, run: str) -> None:
    """Upload with boto3."""
    store.upload_file(str(file), bucket, f"bench/{run}")


def get(folder: Path, run: str) -> None:
    """Download with boto3."""
    store.download_file(bucket, f"bench/{run}", str(folder / "file.bin"))


WAYS = {"server": (upload, download), "boto3": (put, get)}


def measure(file: Path, size: int) -> None:
    """Upload and download a file of random bytes each way once, and print how long each took."""
    for way, (send, fetch) in WAYS.items():
        info = client.create_run(experiment).info
        run = info.run_id
        with tempfile.TemporaryDirectory() as folder:
            began = time.time()
            send(file, run)
            between = time.time()
            fetch(Path(folder), run)
            ended = time.time()
            if (Path(folder) / "file.bin").stat().st_size != size:
                sys.exit(f"{way}: what came back is not what was sent.")
        line = {"way": way, "size": size, "began": began, "between": between, "ended": ended}
        print(json.dumps(line), flush=True)
        # At once: many gigabytes would add up.
        get_artifact_repository(info.artifact_uri).delete_artifacts()
        store.delete_object(Bucket=bucket, Key=f"bench/{run}")


experiment = client.create_experiment("bench_artifacts")
with tempfile.TemporaryDirectory() as uploads:
    source = Path(uploads) / "file.bin"
    for size in SIZES:
        with source.open("wb") as out:
            for start in range(0, size, BLOCK):
                out.write(os.urandom(min(BLOCK, size - start)))
        rounds = int(sys.argv[1])
        for _ in range(min(rounds, BIG_ROUNDS) if size >= BIG else rounds):
            measure(source, size)
