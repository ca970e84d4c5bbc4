"""Loading a model."""

import os
import platform
import sys
from pathlib import Path
from types import ModuleType
from unittest.mock import patch

import mlflow
import sklearn.base
from mlflow import MlflowClient
from sklearn.preprocessing import FunctionTransformer

from lab.drilling import files
from tests.inside.printed import printed
from tests.inside.small_models import MODEL, PIP, log, register, save

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


def model_file_missing() -> None:
    """Load a registered model after somebody has deleted its file from the store."""
    version = register(NAME, log(NAME))
    files.delete(NAME, version.version, files.MODEL_FILE)
    mlflow.pyfunc.load_model(f"models:/{NAME}/{version.version}")


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
    """Load a model from a run that has no logged model with this name."""
    info = log(NAME, name="other")
    mlflow.pyfunc.load_model(f"runs:/{info.run_id}/model")


def function_of_a_pickle() -> None:
    """Load a pickle with a function of the script that saved it."""

    def double(x: int) -> int:
        return 2 * x

    double.__module__, double.__qualname__ = "__main__", "double"
    saves, loads = ModuleType("__main__"), ModuleType("__main__")
    saves.double = double
    with patch.dict(sys.modules, __main__=saves):
        path = save(FunctionTransformer(double), serialization_format="pickle")
    with patch.dict(sys.modules, __main__=loads):
        mlflow.sklearn.load_model(path)


def not_a_pickle() -> None:
    """Load a model whose file is a pointer of Git LFS."""
    path = save(serialization_format="pickle")
    Path(path, "model.pkl").write_text("version https://git-lfs.github.com/spec/v1\n")
    mlflow.sklearn.load_model(path)


def pickle_not_allowed() -> None:
    """Load a model while a setting forbids models that could run code."""
    path = save()
    with patch.dict(os.environ, MLFLOW_ALLOW_PICKLE_DESERIALIZATION="false"):
        mlflow.sklearn.load_model(path)


def other_scikit_learn() -> str:
    """Load a pickle of another version of scikit-learn."""
    with patch.object(sklearn.base, "__version__", "1.2.0"):
        path = save(serialization_format="pickle")
    return printed(lambda: mlflow.sklearn.load_model(path))


def other_packages() -> str:
    """Load a model that needs another version of a package."""
    path = save(pip_requirements=["scikit-learn==1.2.0"])
    return printed(lambda: mlflow.pyfunc.load_model(path))


def other_python() -> str:
    """Load a custom model that another version of Python saved."""
    mlflow.pyfunc.save_model("own", python_model=lambda model_input: [], pip_requirements=PIP)
    description = Path("own", "MLmodel")
    text = description.read_text()
    description.write_text(text.replace(platform.python_version(), "3.8.10"))
    return printed(lambda: mlflow.pyfunc.load_model("own"))


def scheme_unknown() -> None:
    """Write model:/ in place of models:/."""
    mlflow.pyfunc.load_model("model:/iris_start/1")


def models_address_incomplete() -> None:
    """Leave out the slash after models:."""
    mlflow.pyfunc.load_model("models:iris_start/1")


def runs_address_incomplete() -> None:
    """Leave out the run's id."""
    mlflow.pyfunc.load_model("runs:/model")


def no_mlmodel_file() -> None:
    """Load a folder that contains no model."""
    Path("output").mkdir()
    mlflow.pyfunc.load_model("output")


def not_for_pyfunc() -> None:
    """Load an object without the method predict with pyfunc."""
    mlflow.pyfunc.load_model(save({"iris": MODEL}))


def registered_without_versions() -> None:
    """Load the latest version of a registered model that has none."""
    name = "errors_loading_empty"
    client = MlflowClient()
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name)
    mlflow.pyfunc.load_model(f"models:/{name}/latest")
