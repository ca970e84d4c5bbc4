"""Where the service and its settings are."""

import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

import requests

ADDRESS = os.environ.get("LAB_DRILL_SERVICE") or "http://127.0.0.1:8082"


def settings() -> Path:
    """Return the file with the secret of the service."""
    return Path(os.environ.get("LAB_OUTPUT") or "output", "drill_slow_switch", "service.env")


def seen_by_the_registry() -> str:
    """Return the address of this machine in the network that it shares with the MLflow server."""
    tracking = urlsplit(os.environ["MLFLOW_TRACKING_URI"])
    with socket.create_connection((tracking.hostname, tracking.port)) as connection:
        return str(connection.getsockname()[0])


def webhook_url() -> str:
    """Return the address that the registry calls."""
    return f"http://{seen_by_the_registry()}:{urlsplit(ADDRESS).port}/webhook"


def direct() -> requests.Session:
    """Return a session that asks no proxy for the way to this machine."""
    session = requests.Session()
    session.trust_env = False
    return session
