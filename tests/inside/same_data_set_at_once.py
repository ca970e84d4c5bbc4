"""Log the same new data set from six threads at once, until MLflow refuses one of them.

    python -m tests.inside.same_data_set_at_once

Raises the first error that a thread gets.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import mlflow
import numpy as np
from mlflow.entities import DatasetInput

client, together = mlflow.MlflowClient(), threading.Barrier(6)
experiment = client.create_experiment(f"test-{uuid4().hex[:8]}")
runs = [client.create_run(experiment).info.run_id for _ in range(6)]


def log(run: str, number: int) -> Exception | None:
    """Log data set `number` for a run; return the error if MLflow refuses it."""
    data = mlflow.data.from_numpy(np.array([number]), name=f"data-{number}")
    together.wait()
    try:
        client.log_inputs(run, [DatasetInput(data._to_mlflow_entity(), [])])
    except mlflow.MlflowException as error:
        return error


try:
    with ThreadPoolExecutor(6) as pool:
        for number in range(200):
            for error in pool.map(log, runs, [number] * 6):
                if error:
                    raise error
finally:
    client.delete_experiment(experiment)
