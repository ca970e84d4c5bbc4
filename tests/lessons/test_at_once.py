"""What several make for the first time at once, and MLflow lets only one make, is explained."""

CODE = """
import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import mlflow
import numpy as np
from mlflow.entities import DatasetInput

client, together = mlflow.MlflowClient(), threading.Barrier(6)
experiment = client.create_experiment(f"test-{uuid4().hex[:8]}")
runs = [client.create_run(experiment).info.run_id for _ in range(6)]


def log(run, number):
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
"""


def test_the_same_data_set_logged_by_several_at_once(lab):
    ran = lab.run("python", "-c", CODE)
    assert ran.returncode == 1
    assert "for the first time at the same moment" in ran.stderr
    assert ran.stderr.endswith("run this again.\n")
    assert "Traceback" not in ran.stderr
