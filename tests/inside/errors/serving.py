"""A model server."""

import functools
import os
import runpy
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import requests
from mlflow.models import infer_signature
from mlflow.utils.validation import _validate_webhook_url

from tests.inside.small_models import X, save

EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "05_serving"
WEBHOOK_SETTINGS = ("MLFLOW_WEBHOOK_ALLOWED_SCHEMES", "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS")


@functools.cache
def _service() -> dict[str, Any]:
    """Return the names in the lab's service."""
    return runpy.run_path(str(EXAMPLES / "service.py"))


def _answer(body: str, content_type: str = "application/json") -> str:
    """Return what the lab's service answers to a request, with MLflow's own scoring code."""
    model = save(signature=infer_signature(X))
    return _service()["score"](model, body, content_type).response


def _check_webhook(url: str) -> None:
    """Check a webhook's address as a server does that has not the lab's settings."""
    others = {name: value for name, value in os.environ.items() if name not in WEBHOOK_SETTINGS}
    with patch.dict(os.environ, others, clear=True):
        _validate_webhook_url(url)


def lesson_server_stopped() -> None:
    """Call a lesson's server that does not run."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    requests.get(f"http://127.0.0.1:{port}/ping", timeout=5)


def lesson_port_taken() -> str:
    """Start a lesson's servers while another program has the port of one."""
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


def webhook_without_https() -> None:
    """Name an address that begins with http://."""
    _check_webhook("http://serving:8080/webhook")


def webhook_to_private_address() -> None:
    """Name an address of this machine."""
    _check_webhook("https://127.0.0.1/webhook")


def webhook_secret_unset() -> str:
    """Deliver to a service that has no secret."""
    return _service()["Doorkeeper"](None).refusal({}, b"")


def webhook_secret_differs() -> str:
    """Deliver with a signature that another secret has made."""
    names = ("x-mlflow-delivery-id", "x-mlflow-timestamp", "x-mlflow-signature")
    return _service()["Doorkeeper"]("secret").refusal(dict.fromkeys(names, "v1,0"), b"")
