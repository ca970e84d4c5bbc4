"""Loading a model."""

import sys
from pathlib import Path
from unittest.mock import patch

import mlflow
from mlflow import MlflowClient
from sklearn.preprocessing import FunctionTransformer

from tests.inside.small_models import log, register, save

NAME = "errors_loading"


def function_of_the_script() -> None:
    """Save a model with a function of the script, and load it in another script."""

    def double(x: int) -> int:
        return 2 * x

    double.__module__, double.__qualname__ = "__main__", "double"
    with patch.object(sys.modules["__main__"], "double", double, create=True):
        path = save(FunctionTransformer(double), skops_trusted_types=["__main__.double"])
    mlflow.sklearn.load_model(path)


def dst_path_missing() -> None:
    """Load to a folder that does not exist."""
    mlflow.sklearn.load_model(save(), dst_path="nowhere")


def folder_missing() -> None:
    """Load from a folder that does not exist."""
    mlflow.pyfunc.load_model("output/iris")


def path_object() -> None:
    """Give a Path of a folder that does not exist."""
    mlflow.pyfunc.load_model(Path("output/iris"))


def address_without_version() -> None:
    """Leave out the version."""
    mlflow.pyfunc.load_model("models:/iris_start")


def logged_model_not_found() -> None:
    """Load a logged model that was deleted."""
    info = log(NAME)
    MlflowClient().delete_logged_model(info.model_id)
    mlflow.pyfunc.load_model(info.model_uri)


def alias_not_found() -> None:
    """Write an alias with a capital letter."""
    version = register(NAME, log(NAME))
    MlflowClient().set_registered_model_alias(NAME, "champion", version.version)
    mlflow.pyfunc.load_model(f"models:/{NAME}@Champion")


def registered_model_not_found() -> None:
    """Misspell a registered model's name."""
    mlflow.pyfunc.load_model("models:/errors_lodaing@champion")


def version_not_found() -> None:
    """Use a version that does not exist."""
    register(NAME, log(NAME))
    mlflow.pyfunc.load_model(f"models:/{NAME}/999999")


def no_version_in_stage() -> None:
    """Use a stage that no version is in."""
    register(NAME, log(NAME))
    mlflow.pyfunc.load_model(f"models:/{NAME}/Staging")


def stage_unknown() -> None:
    """Write a slash in front of an alias."""
    version = register(NAME, log(NAME))
    MlflowClient().set_registered_model_alias(NAME, "champion", version.version)
    mlflow.pyfunc.load_model(f"models:/{NAME}/champion")


def model_not_in_run() -> None:
    """Use another name than the model has in its run."""
    info = log(NAME, name="other")
    mlflow.pyfunc.load_model(f"runs:/{info.run_id}/model")
