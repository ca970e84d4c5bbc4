"""Saving or logging a model."""

import threading
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.models import infer_signature
from mlflow.pyfunc import PythonModel
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier

from tests.inside.printed import printed
from tests.inside.small_models import MODEL, PIP, X, log, save, y


class _Own(PythonModel):
    """A custom model."""

    def predict(self, model_input: list[str]) -> list[str]:
        """Return the input."""
        return model_input


def _save_own(python_model: Any, **arguments: Any) -> None:
    """Save a custom model."""
    mlflow.pyfunc.save_model("own", python_model=python_model, pip_requirements=PIP, **arguments)


def folder_not_empty() -> None:
    """Save twice to the same folder."""
    save()
    save()


def untrusted_types() -> None:
    """Save a decision tree."""
    save(DecisionTreeClassifier(max_depth=1).fit(X, y))


def function_not_at_top_level() -> None:
    """Save a model that contains a lambda."""
    trusted = [f"{__name__}.<lambda>"]
    save(FunctionTransformer(lambda x: x), skops_trusted_types=trusted)


def code_path_not_found() -> None:
    """Give a relative path that does not exist in this folder."""
    save(code_paths=["petal_features.py"])


def code_paths_not_a_list() -> None:
    """Give one path without a list around it."""
    save(code_paths="petal_features.py")


def packages_given_twice() -> None:
    """Give two lists of packages."""
    save(pip_requirements=["scikit-learn"], extra_pip_requirements=["pandas"])


def name_given_twice() -> None:
    """Give both the old argument for the name and the new argument."""
    log("errors_saving", artifact_path="model")


def name_with_slash() -> None:
    """Give a path as the model's name."""
    log("errors_saving", name="models/iris")


def artifact_path_deprecated() -> str:
    """Name a model with the argument of MLflow 2."""
    return printed(lambda: log("errors_saving", name=None, artifact_path="model"))


def code_path_renamed() -> None:
    """Use the name that `code_paths` had in MLflow 2."""
    save(code_path=["petal_features.py"])


def argument_unknown() -> None:
    """Misspell an argument of log_model."""
    log("errors_saving", registered_model="errors_saving")


def signature_from_rows() -> None:
    """Give rows as the signature."""
    save(signature=X)


def example_does_not_fit() -> str:
    """Give an input example that the model cannot predict."""
    return printed(lambda: save(input_example=X.head(2).assign(**{"petal width (cm)": "wide"})))


def integer_columns() -> str:
    """Infer a signature from a column of integers."""
    return printed(lambda: infer_signature(pd.DataFrame({"length_mm": [51, 49]})))


def model_without_predict() -> str:
    """Save a dictionary of models."""
    return printed(lambda: save({"iris": MODEL}))


def not_a_python_model() -> None:
    """Save an object of a class that does not inherit from PythonModel."""
    _save_own(object())


def class_instead_of_instance() -> None:
    """Leave out the parentheses after the class."""
    _save_own(_Own)


def object_not_pickled() -> None:
    """Save a custom model that contains a lock."""
    model = _Own()
    model.lock = threading.Lock()
    _save_own(model)


def set_model_missing() -> None:
    """Save a file that does not say which object is the model."""
    Path("model.py").write_text("model = 1\n")
    _save_own("model.py")


def artifact_file_missing() -> None:
    """Name a file in `artifacts` that does not exist."""
    _save_own(_Own(), artifacts={"weights": "weights.txt"})
