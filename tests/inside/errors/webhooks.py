"""Webhooks."""

import functools
import os
import runpy
from pathlib import Path
from typing import Any
from unittest.mock import patch

from mlflow.utils.validation import _validate_webhook_url

SERVICE = Path(__file__).resolve().parents[3] / "examples" / "05_serving" / "service.py"
SETTINGS = ("MLFLOW_WEBHOOK_ALLOWED_SCHEMES", "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS")


@functools.cache
def _service() -> dict[str, Any]:
    """Return the names in the lab's service. A process can run the service's file only once."""
    return runpy.run_path(str(SERVICE))


def _doorkeeper(secret: str | None) -> Any:
    """Return the part of the lab's service that accepts or refuses deliveries."""
    return _service()["Doorkeeper"](secret)


def _check_webhook(url: str) -> None:
    """Check a webhook's address as a server without the lab's settings does."""
    others = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    with patch.dict(os.environ, others, clear=True):
        _validate_webhook_url(url)


def webhook_without_https() -> None:
    """Name an address that begins with http://."""
    _check_webhook("http://serving:8080/webhook")


def webhook_to_private_address() -> None:
    """Name an address of this machine."""
    _check_webhook("https://127.0.0.1/webhook")


def webhook_secret_unset() -> str:
    """Deliver to a service that has no secret."""
    return _doorkeeper(None).refusal({}, b"")


def webhook_secret_differs() -> str:
    """Deliver with a signature that another secret has made."""
    names = ("x-mlflow-delivery-id", "x-mlflow-timestamp", "x-mlflow-signature")
    return _doorkeeper("secret").refusal(dict.fromkeys(names, "v1,0"), b"")
