"""Reach the service of a drill, and let the registry reach it."""

import os
import socket
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import requests

from lab.lessons import lab_root
from lab.remembered import output

ADDRESS = os.environ.get("LAB_DRILL_SERVICE") or "http://127.0.0.1:8082"


def session() -> requests.Session:
    """Return a session that uses no proxy. The service runs on this machine."""
    direct = requests.Session()
    direct.trust_env = False
    return direct


def served_model() -> str:
    """Return the address of the version that the service serves. Stop if the service does not report it."""
    try:
        return str(session().get(f"{ADDRESS}/status", timeout=10).json()["serves"])
    except (requests.RequestException, LookupError, ValueError, TypeError) as error:
        sys.exit(
            f"The service at {ADDRESS} does not report which version it serves ({type(error).__name__}). "
            "To start it: lab drill restart"
        )


def begins_to_serve(uri: str, seconds: float) -> bool:
    """Tell whether the service serves this version within so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if served_model() == uri:
            return True
        time.sleep(0.1)
    return False


def settings_file(name: str) -> Path:
    """Return the file with the service's settings, in the output folder of the drill."""
    return output(lab_root()) / name / "service.env"


def address_for_registry() -> str:
    """Return the IP address of this machine in the network that it shares with the MLflow server."""
    tracking = urlsplit(os.environ["MLFLOW_TRACKING_URI"])
    with socket.create_connection((tracking.hostname or "", tracking.port or 80)) as connection:
        return str(connection.getsockname()[0])


def webhook_url() -> str:
    """Return the address that the registry calls."""
    return f"http://{address_for_registry()}:{urlsplit(ADDRESS).port}/webhook"
