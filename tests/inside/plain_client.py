"""Log, register and load a model, and send and fetch a file of 500 MB, as a notebook outside the lab does.

MLflow's client sends a file of this size in parts if the server offers that.
"""

import tempfile
from pathlib import Path

import mlflow
from mlflow.artifacts import download_artifacts
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from sklearn.linear_model import LinearRegression

BYTES = 500 * 1024 * 1024

mlflow.set_experiment("outside_client")
model = LinearRegression().fit([[0], [1]], [0, 1])
with mlflow.start_run() as run, tempfile.TemporaryDirectory() as folder:
    logged = mlflow.sklearn.log_model(
        model, name="model", registered_model_name="outside_client", pip_requirements=[]
    )
    for uri in (logged.model_uri, f"runs:/{run.info.run_id}/model", "models:/outside_client/1"):
        print(uri.split("/")[0], round(mlflow.sklearn.load_model(uri).predict([[2]])[0]))
    big = Path(folder, "big.bin")
    with big.open("wb") as file:
        file.truncate(BYTES)
    mlflow.log_artifact(str(big))
    big.unlink()
    fetched = download_artifacts(f"runs:/{run.info.run_id}/big.bin", dst_path=folder)
    print(Path(fetched).stat().st_size == BYTES)
get_artifact_repository(run.info.artifact_uri).delete_artifacts()
