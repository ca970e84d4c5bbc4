"""Serving a model."""

import functools
import json
import os
import runpy
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import mlflow
import numpy as np
import requests
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from mlflow.pyfunc.scoring_server import CONTENT_TYPE_JSON, invocations

from tests.inside.small_models import X, save, y

EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "05_serving"


@functools.cache
def _service() -> dict[str, Any]:
    """Return the names in the lab's service."""
    return runpy.run_path(str(EXAMPLES / "service.py"))


def _answer(body: str, content_type: str = "application/json") -> str:
    """Return what the lab's service answers to a request, with MLflow's own scoring code."""
    model = save(signature=infer_signature(X))
    return _service()["score"](model, body, content_type).response


def _refusal(body: object, rows: Any = X) -> str:
    """Send a body to MLflow's scoring code, as JSON unless it is text. Return the body of its answer.

    The signature of the model is inferred from the rows. Raises ValueError if the code answers with a prediction.
    """
    model = mlflow.pyfunc.load_model(save(signature=infer_signature(rows, y)))
    text = body if isinstance(body, str) else json.dumps(body)
    try:
        invocations(text, CONTENT_TYPE_JSON, model, model.metadata.get_input_schema())
    except MlflowException as error:
        return error.serialize_as_json()
    raise ValueError("The model has answered.")


def _predict_in_environment(manager: str) -> None:
    """Predict in an environment of the model's own. The program that creates it is missing."""
    with patch.dict(os.environ, PATH="nowhere"):
        for name in ("CONDA_EXE", "MLFLOW_CONDA_HOME", "PYENV_ROOT"):
            os.environ.pop(name, None)
        mlflow.models.predict(save(), X.head(2), env_manager=manager)


def lesson_server_stopped() -> None:
    """Call a lesson's server that is not running."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    requests.get(f"http://127.0.0.1:{port}/ping", timeout=5)


def lesson_port_taken() -> str:
    """Start a lesson's servers while another program uses one of their ports."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        environment = os.environ | {"LAB_SERVING": f"http://127.0.0.1:{server.getsockname()[1]}"}
        command = [sys.executable, "-m", "lab", "serve", "5"]
        return subprocess.run(command, env=environment, text=True, capture_output=True).stderr


def rows_without_key() -> str:
    """Send a list of rows."""
    return _answer("[[5.1, 3.5, 1.4, 0.2]]")


def content_type_refused() -> str:
    """Send the content type that curl sends by default."""
    return _answer("{}", "application/x-www-form-urlencoded")


def body_not_json() -> str:
    """Send a dictionary as Python prints it."""
    return _refusal(str({"inputs": [[5.1, 3.5, 1.4, 0.2]]}))


def split_is_a_list() -> str:
    """Send records under the key dataframe_split."""
    return _refusal({"dataframe_split": X.head(2).to_dict(orient="records")})


def records_not_a_list() -> str:
    """Send one record that is not in a list."""
    return _refusal({"dataframe_records": X.iloc[0].to_dict()})


def split_does_not_fit() -> str:
    """Send three values for four columns."""
    return _refusal({"dataframe_split": {"columns": list(X), "data": [[5.1, 3.5, 1.4]]}})


def text_for_a_number() -> str:
    """Send a word in place of a number."""
    return _refusal({"dataframe_records": [X.iloc[0].to_dict() | {"petal width (cm)": "wide"}]})


def null_for_an_integer() -> str:
    """Send null in a column of integers."""
    rows = X.round().astype("int64")
    record = rows.iloc[0].to_dict()
    return _refusal({"dataframe_records": [record, record | {"petal width (cm)": None}]}, rows)


def rows_of_different_length() -> str:
    """Send rows of different length to a model whose signature is a tensor."""
    return _refusal({"inputs": [[5.1, 3.5, 1.4, 0.2], [5.1]]}, X.to_numpy())


def model_raises() -> str:
    """Send values that the model's own code cannot use."""

    def inverse(model_input: list[int]) -> list[float]:
        return [1 / number for number in model_input]

    mlflow.pyfunc.save_model("own", python_model=inverse, pip_requirements=["mlflow"])
    model = mlflow.pyfunc.load_model("own")
    try:
        invocations('{"inputs": [0]}', CONTENT_TYPE_JSON, model, None)
    except MlflowException as error:
        return error.serialize_as_json()
    raise ValueError("The model has answered.")


def numpy_in_json() -> None:
    """Write an array of NumPy as JSON."""
    json.dumps({"inputs": np.array([[5.1, 3.5, 1.4, 0.2]])})


def pyenv_missing() -> None:
    """Let MLflow create an environment without pyenv."""
    _predict_in_environment("virtualenv")


def conda_missing() -> None:
    """Let MLflow create an environment without conda."""
    _predict_in_environment("conda")
