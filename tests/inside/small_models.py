"""A small model, and its logged and registered versions, for functions that produce errors."""

from pathlib import Path
from typing import Any

import mlflow
import sklearn
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.models.model import ModelInfo
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

X, y = load_iris(as_frame=True, return_X_y=True)
MODEL = LogisticRegression(max_iter=1000).fit(X, y)
# Without this list, MLflow would need seconds to find out what the model imports.
PIP = [f"scikit-learn=={sklearn.__version__}"]


def experiment_id(name: str) -> str:
    """Return the id of an experiment. Create it if it does not exist."""
    client = MlflowClient()
    experiment = client.get_experiment_by_name(name)
    return experiment.experiment_id if experiment else client.create_experiment(name)


def save(model: Any = MODEL, path: str = "model", **arguments: Any) -> str:
    """Save a model in a folder, and return the folder's absolute path."""
    mlflow.sklearn.save_model(model, path, **{"pip_requirements": PIP} | arguments)
    return str(Path(path).absolute())


def log(experiment: str, **arguments: Any) -> ModelInfo:
    """Log the model as `model` in a new run of an experiment. The arguments are those of log_model."""
    with mlflow.start_run(experiment_id=experiment_id(experiment)):
        arguments = {"sk_model": MODEL, "name": "model", "pip_requirements": PIP} | arguments
        return mlflow.sklearn.log_model(**arguments)


def register(name: str, info: ModelInfo, **arguments: Any) -> ModelVersion:
    """Register a logged model under a name, and return the version. The arguments are those of create_model_version."""
    client = MlflowClient()
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name)
    return client.create_model_version(
        name, info.model_uri, run_id=info.run_id, model_id=info.model_id, **arguments
    )
