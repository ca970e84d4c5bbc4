"""What can be wrong between here and a working MLflow server. Each check builds on those before it."""

import os
import socket
import time
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from urllib.parse import urlsplit
from uuid import uuid4

import requests

from lab import explain
from lab.doctor import REQUEST_SECONDS, Finding


def address() -> str:
    """Return the server's address, without a slash at its end."""
    uri = os.environ.get(explain.TRACKING_URI)
    if not uri:
        raise Finding(explain.unset())
    try:
        parts = urlsplit(uri)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
            raise ValueError
    except ValueError:
        raise Finding(explain.no_address(uri)) from None
    return uri.rstrip("/")


def tracking_address() -> str:
    """The shell knows where the server is."""
    return address()


def name_resolves() -> str:
    """The server's name is known here."""
    host = urlsplit(address()).hostname
    try:
        return f"{host} is {socket.getaddrinfo(host, None)[0][4][0]}"
    except (OSError, UnicodeError):
        raise Finding(explain.unreachable(address(), "its name is unknown here")) from None


def port_answers() -> str:
    """Something listens at the server's port."""
    parts = urlsplit(address())
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((parts.hostname, port), timeout=REQUEST_SECONDS):
            return f"port {port} is open"
    except OSError as error:
        raise Finding(explain.unreachable(address(), str(error))) from None


def api(
    method: str, path: str, params: dict[str, int] | None = None, data: bytes | None = None
) -> requests.Response:
    """Send one request to the server's REST API; Finding if it gets no response or the server fails."""
    try:
        response = requests.request(
            method, f"{address()}{path}", params=params, data=data, timeout=REQUEST_SECONDS
        )
    except requests.RequestException as error:
        raise Finding(explain.unreachable(address(), type(error).__name__)) from None
    if response.status_code >= 500:
        raise Finding(explain.broken(address(), str(response.status_code)))
    return response


SEARCH = "/api/2.0/mlflow/experiments/search"


def host_allowed() -> str:
    """The server lets us in under the name by which we call it."""
    response = api("GET", SEARCH, params={"max_results": 1})
    if response.status_code == 403 and "Invalid Host header" in response.text:
        raise Finding(explain.host_refused(address()))
    return f"{urlsplit(address()).hostname} is let in"


def is_mlflow() -> str:
    """What answers there is MLflow."""
    response = api("GET", SEARCH, params={"max_results": 1})
    kind = response.headers.get("content-type", "")
    if response.status_code != 200 or "application/json" not in kind:
        raise Finding(explain.not_mlflow(address()))
    return "its API answers"


def same_version() -> str:
    """Server and client are the same MLflow."""
    server, client = api("GET", "/version").text.strip(), version("mlflow")
    if server != client:
        raise Finding(
            f"The server is MLflow {server}, this client is {client}. "
            "Build both from this checkout: docker compose up --build --wait (embedded: make up)."
        )
    return server


def artifact_round_trip() -> str:
    """A file goes through the server to the store, and comes back."""
    path, content = f"/api/2.0/mlflow-artifacts/artifacts/lab-doctor-{uuid4().hex}", uuid4().bytes
    try:
        uploaded = api("PUT", path, data=content)
    except Finding as finding:
        raise Finding(
            f"{finding}\nIf `store account` below is ok, the store is there and has no room: make some on the disk "
            "of Docker's volumes (docker system df), or delete what nobody needs: lab reset"
        ) from None
    downloaded = api("GET", path)
    api("DELETE", path)
    if uploaded.status_code != 200 or downloaded.content != content:
        raise Finding(
            "The server does not pass artifacts on to its store "
            f"(status {uploaded.status_code}, {downloaded.status_code}). "
            "It must run with --artifacts-destination, as in docker-compose.yml."
        )
    return f"{len(content)} bytes, there and back"


def proxied_root() -> str:
    """Experiments keep their artifacts through the server, so that no client needs a key of the store."""
    response = api("GET", SEARCH, params={"max_results": 100})
    for experiment in response.json().get("experiments", []):
        root = experiment["artifact_location"]
        if not root.startswith("mlflow-artifacts:"):
            raise Finding(
                f"Experiment {experiment['name']!r} keeps its artifacts at {root}, past the server. "
                "It was made by a server without --artifacts-destination; log to another experiment, "
                "and start the server as docker-compose.yml does."
            )
    return "every experiment keeps its artifacts through the server"


def clock() -> str:
    """This clock and the server's agree; signatures of requests to the store depend on the time."""
    date = api("GET", "/version").headers.get("date")
    if date is None:
        return "the server does not tell its time"
    apart = abs(time.time() - parsedate_to_datetime(date).timestamp())
    if apart > 60:
        raise Finding(
            f"This clock and the server's are {apart:.0f} s apart. Set the time of this machine; "
            "on Docker Desktop after sleep: restart Docker."
        )
    return "agrees with the server's"


CHECKS = {
    "tracking address": tracking_address,
    "name resolves": name_resolves,
    "port answers": port_answers,
    "Host is allowed": host_allowed,
    "it is MLflow": is_mlflow,
    "same version": same_version,
    "artifact roots": proxied_root,
    "artifacts": artifact_round_trip,
    "clock": clock,
}
