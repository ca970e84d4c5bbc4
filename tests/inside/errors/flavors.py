"""Frameworks, tensors and parameters."""

import io
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.models import ModelSignature, infer_signature
from mlflow.pyfunc import PyFuncModel, PythonModel

ROWS = np.ones((60, 4), "float32")


class _OwnModel(PythonModel):
    """A custom model."""

    def predict(self, context, model_input: pd.DataFrame, params=None) -> Any:
        return np.zeros(len(model_input))


def _saved(signature: ModelSignature | None = None) -> str:
    """Save the model with this signature, and return its folder."""
    mlflow.pyfunc.save_model(
        "model", python_model=_OwnModel(), signature=signature, pip_requirements=[]
    )
    return str(Path("model").absolute())


def _with_tensor() -> PyFuncModel:
    """Return a model whose signature has a tensor of float32."""
    return mlflow.pyfunc.load_model(_saved(infer_signature(ROWS)))


def _with_weight() -> PyFuncModel:
    """Return a model whose signature has the parameter `weight`."""
    signature = infer_signature(pd.DataFrame(ROWS), params={"weight": 0.5})
    return mlflow.pyfunc.load_model(_saved(signature))


def _logged(produce: Callable[[], object]) -> str:
    """Return what MLflow logs while a function runs."""
    text, logger = io.StringIO(), logging.getLogger("mlflow")
    handler, disabled = logging.StreamHandler(text), logging.root.manager.disable
    logger.addHandler(handler)
    logging.disable(logging.NOTSET)
    try:
        produce()
    finally:
        logging.disable(disabled)
        logger.removeHandler(handler)
    return text.getvalue()


def flavor_missing() -> None:
    """Load a custom model with a native loader."""
    mlflow.xgboost.load_model(_saved())


def no_raw_model() -> None:
    """Ask a custom model for the trained object."""
    mlflow.pyfunc.load_model(_saved()).get_raw_model()


def tensor_of_another_type() -> None:
    """Send float64."""
    _with_tensor().predict(ROWS.astype("float64"))


def tensor_of_another_shape() -> None:
    """Send an array that lacks a column."""
    _with_tensor().predict(ROWS[:, :3])


def table_for_a_tensor() -> None:
    """Send a DataFrame that lacks a column."""
    _with_tensor().predict(pd.DataFrame(ROWS[:, :3]))


def lists_for_a_tensor() -> None:
    """Send lists."""
    _with_tensor().predict(ROWS.tolist())


def parameter_of_another_type() -> None:
    """Give text as the value of a number."""
    _with_weight().predict(ROWS, params={"weight": "much"})


def parameter_unknown() -> str:
    """Misspell a parameter."""
    model = _with_weight()
    return _logged(lambda: model.predict(ROWS, params={"wieght": 0.9}))


def signature_without_parameters() -> str:
    """Give a parameter to a model that has none."""
    model = _with_tensor()
    return _logged(lambda: model.predict(ROWS, params={"weight": 0.9}))
