"""A model server."""

import socket

import requests


def lesson_server_stopped() -> None:
    """Call a lesson's server that does not run."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    requests.get(f"http://127.0.0.1:{port}/ping", timeout=5)
