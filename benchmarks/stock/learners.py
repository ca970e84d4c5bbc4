"""Thirty learners at once, each logging runs as the lessons do."""

import os
import random
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import Metric, Param
from mlflow.exceptions import MlflowException

LEARNERS, RUNS = 30, 300
METRICS, PARAMETERS, ARTIFACT = 20, 5, 100_000


def log_run(client: MlflowClient, experiment: str, artifact: Path) -> float | None:
    """Log one run and return how many seconds it took, or None if the server answered with an error."""
    began = time.perf_counter()
    now = int(time.time() * 1000)
    metrics = [Metric(f"metric_{n}", random.random(), now, 0) for n in range(METRICS)]  # noqa: S311
    parameters = [Param(f"param_{n}", str(n)) for n in range(PARAMETERS)]
    try:
        run = client.create_run(experiment).info.run_id
        client.log_batch(run, metrics, parameters)
        client.log_artifact(run, str(artifact))
        client.set_terminated(run)
    except MlflowException:
        return None
    return time.perf_counter() - began


def learners(address: str) -> dict[str, float]:
    """Let them log RUNS runs.

    Return the complete runs per second, the 95th percentile of their seconds, and how many runs failed.
    """
    client = MlflowClient(address)
    experiment = client.create_experiment("thirty_learners")
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(LEARNERS) as crowd:
        artifact = Path(folder) / "artifact.bin"
        artifact.write_bytes(os.urandom(ARTIFACT))
        began = time.perf_counter()
        results = list(crowd.map(lambda _: log_run(client, experiment, artifact), range(RUNS)))
        seconds = time.perf_counter() - began
    complete = [result for result in results if result is not None]
    return {
        "runs_per_second": len(complete) / seconds,
        "p95": statistics.quantiles(complete, n=20)[-1],
        "failed": RUNS - len(complete),
    }
