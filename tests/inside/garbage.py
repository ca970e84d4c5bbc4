"""Create runs, models and versions for the tests of `make gc`, or look at them: tests.inside.garbage make|look

`make` prints as JSON the addresses of two versions, one of a deleted logged model and one of a deleted run, and the
places of files that nobody needs. `look` takes these and prints what the versions answer, and how many of the files are
there.
"""

import json
import sys
import tempfile
import uuid

import mlflow
from mlflow.tracking import MlflowClient
from sklearn.linear_model import LinearRegression

from tests.inside.stored import stored

MODEL = LinearRegression().fit([[0], [1]], [0, 1])
client = MlflowClient()


def log(experiment: str) -> tuple[str, str, str]:
    """Log a model in a run with a file; return the ids of run and model and the model's address."""
    mlflow.set_experiment(experiment)
    with mlflow.start_run() as run:
        mlflow.log_text("x" * 1000, "file.txt")
        info = mlflow.sklearn.log_model(MODEL, name="model", pip_requirements=[])
    return run.info.run_id, info.model_id, info.model_uri


def make() -> None:
    """Delete a run, two logged models and an experiment; a version needs the files of one of the models."""
    name = f"garbage_{uuid.uuid4().hex[:8]}"
    _, kept, uri = log(name)
    version = mlflow.register_model(uri, name)
    client.delete_logged_model(kept)
    # As older clients do it: the model is among the run's files, and MLflow keeps this address as it is.
    with mlflow.start_run() as started, tempfile.TemporaryDirectory() as folder:
        mlflow.sklearn.save_model(MODEL, f"{folder}/model", pip_requirements=[])
        mlflow.log_artifacts(f"{folder}/model", "model")
    needed = started.info.run_id
    client.create_registered_model(f"{name}_run")
    client.create_model_version(f"{name}_run", f"runs:/{needed}/model", needed)
    client.delete_run(needed)
    run, model, _ = log(name)
    _, hidden, _ = log(f"{name}_deleted")
    garbage = [
        client.get_run(run).info.artifact_uri,
        client.get_logged_model(model).artifact_location,
        client.get_logged_model(hidden).artifact_location,
    ]
    client.delete_run(run)
    client.delete_logged_model(model)
    client.delete_experiment(mlflow.get_experiment_by_name(f"{name}_deleted").experiment_id)
    versions = [f"models:/{name}/{version.version}", f"models:/{name}_run/1"]
    print(json.dumps({"versions": versions, "garbage": garbage}))


def look(*addresses: str) -> None:
    """Load each version, and count the files below each of the other addresses."""
    versions = [uri for uri in addresses if uri.startswith("models:/")]
    keys = [
        uri.removeprefix("mlflow-artifacts:/").lstrip("/") for uri in addresses[len(versions) :]
    ]
    answers = [round(mlflow.sklearn.load_model(uri).predict([[2]])[0]) for uri in versions]
    print(json.dumps({"answers": answers, "files": [len(stored(key)) for key in keys]}))


if __name__ == "__main__":
    {"make": make, "look": look}[sys.argv[1]](*sys.argv[2:])
