"""Python does not reach the server."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from unittest.mock import patch
from urllib.parse import urlsplit

import requests
from mlflow import MlflowClient

# It runs in a new process, because MLflow keeps the address. It prints the traceback, not the lab's explanation.
SEARCH = "import sys, mlflow; sys.excepthook = sys.__excepthook__; mlflow.search_experiments()"
ONCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_HTTP_REQUEST_TIMEOUT": "1"}


def _search(address: str) -> str:
    """Search for experiments at an address, in a new process. Return what it prints."""
    environment = os.environ | ONCE | {"MLFLOW_TRACKING_URI": address}
    ran = subprocess.run(
        [sys.executable, "-c", SEARCH], env=environment, text=True, capture_output=True
    )
    return ran.stderr


def _port() -> int | None:
    """Return the port of the lab's server."""
    return urlsplit(os.environ["MLFLOW_TRACKING_URI"]).port


@contextmanager
def _listening() -> Iterator[socket.socket]:
    """Listen at a port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@contextmanager
def _web_server(status: int) -> Iterator[str]:
    """Run a web server that always answers with the same status. Yield its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_error(status)

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def tracking_uri_unset() -> None:
    """Read the address as the lessons do, while the variable is not set."""
    {}["MLFLOW_TRACKING_URI"]


def not_an_address() -> str:
    """Leave out http://."""
    return _search("mlflow:5000")


def folder_as_tracking_uri() -> None:
    """Use a folder as the server."""
    MlflowClient("./mlruns").search_experiments()


def host_refused() -> str:
    """Use a name of this machine that the server does not allow."""
    return _search(f"http://127.1:{_port()}")


def server_name_unknown() -> str:
    """Misspell the server's name."""
    return _search("http://mlfow.invalid:5000")


def server_stopped() -> str:
    """Use a port at which nothing listens."""
    with _listening() as server:
        port = server.getsockname()[1]
    return _search(f"http://127.0.0.1:{port}")


def proxy_in_between() -> str:
    """Ask the lab's server while a variable names a proxy that does not run."""
    with _listening() as server:
        proxy = f"http://127.0.0.1:{server.getsockname()[1]}"
    variables = {"HTTP_PROXY": proxy, "http_proxy": proxy, "NO_PROXY": "", "no_proxy": ""}
    with patch.dict(os.environ, variables):
        return _search(os.environ["MLFLOW_TRACKING_URI"])


def server_without_https() -> str:
    """Write https:// for a server that speaks http."""
    return _search(f"https://127.0.0.1:{_port()}")


def server_too_slow() -> str:
    """Ask a server that never answers."""
    with _listening() as server:
        return _search(f"http://127.0.0.1:{server.getsockname()[1]}")


def server_broke_off() -> str:
    """Ask a server that closes the connection."""

    def close(server: socket.socket) -> None:
        connection, _ = server.accept()
        connection.recv(1)
        connection.close()

    with _listening() as server:
        threading.Thread(target=close, args=[server], daemon=True).start()
        return _search(f"http://127.0.0.1:{server.getsockname()[1]}")


def server_out_of_reach() -> str:
    """Use an address that no network reaches."""
    return _search("http://255.255.255.255:5000")


def server_fails() -> str:
    """Ask a server that always fails."""
    with _web_server(500) as address:
        return _search(address)


def not_mlflow() -> str:
    """Ask another web server."""
    with _web_server(404) as address:
        return _search(address)


def origin_refused() -> str:
    """Send a request from a page of another site."""
    address = f"{os.environ['MLFLOW_TRACKING_URI']}/api/2.0/mlflow/runs/create"
    return requests.post(
        address, json={}, headers={"Origin": "https://page.example"}, timeout=5
    ).text
