"""Checks of the connection to the MLflow server, and of the server. Each depends on the previous ones."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from urllib.parse import urlsplit
from uuid import uuid4

import requests

from lab import known_errors
from lab.doctor import REQUEST_SECONDS, Finding


def finding(name: str) -> Finding:
    """Return the finding that the error of this name was recognised."""
    return Finding(str(known_errors.answer(name)))


def address() -> str:
    """Return the server's address, without a slash at its end. Raises Finding if it is not an address."""
    uri = os.environ.get("MLFLOW_TRACKING_URI")
    if not uri:
        raise finding("tracking_uri_unset")
    try:
        parts = urlsplit(uri)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
            raise ValueError
    except ValueError:
        raise finding("not_an_address") from None
    return uri.rstrip("/")


def tracking_address() -> str:
    """Check that the shell has the server's address."""
    return address()


def name_resolves() -> str:
    """Check that the server's name is known here."""
    host = urlsplit(address()).hostname
    try:
        return f"{host} is {socket.getaddrinfo(host, None)[0][4][0]}"
    except (OSError, UnicodeError):
        raise finding("server_name_unknown") from None


def port_answers() -> str:
    """Check that a program listens at the server's port."""
    parts = urlsplit(address())
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((parts.hostname, port), timeout=REQUEST_SECONDS):
            return f"port {port} is open"
    except TimeoutError:
        raise finding("server_too_slow") from None
    except ConnectionRefusedError:
        raise finding("server_stopped") from None
    except OSError:
        raise finding("server_out_of_reach") from None


def api(
    method: str, path: str, params: dict[str, int] | None = None, data: bytes | None = None
) -> requests.Response:
    """Send one request to the server's REST API. Raises Finding if there is no response or a server error."""
    try:
        response = requests.request(
            method, f"{address()}{path}", params=params, data=data, timeout=REQUEST_SECONDS
        )
    except requests.exceptions.SSLError:
        raise finding("server_without_https") from None
    except requests.Timeout:
        raise finding("server_too_slow") from None
    except requests.RequestException:
        raise finding("server_broke_off") from None
    if response.status_code >= 500:
        raise finding("server_fails")
    return response


ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
SEARCH = "/api/2.0/mlflow/experiments/search"


def host_allowed() -> str:
    """Check that the server accepts the host name in our requests."""
    response = api("GET", SEARCH, params={"max_results": 1})
    if response.status_code == 403 and "Invalid Host header" in response.text:
        raise finding("host_refused")
    return f"the server accepts the name {urlsplit(address()).hostname}"


def is_mlflow() -> str:
    """Check that the server is MLflow."""
    response = api("GET", SEARCH, params={"max_results": 1})
    kind = response.headers.get("content-type", "")
    if response.status_code != 200 or "application/json" not in kind:
        raise finding("not_mlflow")
    return "its API answers"


def same_version() -> str:
    """Check that the server and this client have the same version of MLflow."""
    server, client = api("GET", "/version").text.strip(), version("mlflow")
    if server != client:
        raise Finding(
            f"The server is MLflow {server}, this client is {client}. "
            "Build both from this checkout: docker compose up --build --wait (in the embedded mode: make up)."
        )
    return server


@contextmanager
def uploaded_file(content: bytes) -> Iterator[tuple[str, requests.Response]]:
    """Upload a file through the server, and delete it at the end. Yield its name in the store, and the response."""
    name = f"lab-doctor-{uuid4().hex}"
    try:
        response = api("PUT", f"{ARTIFACTS}/{name}", data=content)
    except Finding as problem:
        raise Finding(
            f"{problem}\nIf `store account` below is ok, the store runs and its disk is full. Free space on the disk "
            "with Docker's volumes (docker system df), or delete what nobody needs: lab reset"
        ) from None
    try:
        yield name, response
    finally:
        api("DELETE", f"{ARTIFACTS}/{name}")


def artifact_round_trip() -> str:
    """Check that a file can be uploaded and downloaded through the server."""
    content = uuid4().bytes
    with uploaded_file(content) as (name, uploaded):
        downloaded = api("GET", f"{ARTIFACTS}/{name}")
    if uploaded.status_code != 200 or downloaded.content != content:
        raise Finding(
            "The server does not store artifacts "
            f"(status {uploaded.status_code} for the upload, {downloaded.status_code} for the download). "
            "Start it with --artifacts-destination, as docker-compose.yml does."
        )
    return f"uploaded and downloaded {len(content)} bytes"


def proxied_root() -> str:
    """Check that clients store artifacts through the server: then no client needs a key of the store."""
    response = api("GET", SEARCH, params={"max_results": 100})
    for experiment in response.json().get("experiments", []):
        root = experiment["artifact_location"]
        if not root.startswith("mlflow-artifacts:"):
            raise Finding(
                f"Clients store the artifacts of experiment {experiment['name']!r} at {root}, not through the server. "
                "A server without --artifacts-destination created the experiment. Log to another experiment, "
                "and start the server as docker-compose.yml does."
            )
    return "clients store all artifacts through the server"


def clock() -> str:
    """Check that the clocks agree: the signatures of requests to the store depend on the time."""
    date = api("GET", "/version").headers.get("date")
    if date is None:
        return "the server does not report its time"
    apart = abs(time.time() - parsedate_to_datetime(date).timestamp())
    if apart > 60:
        raise Finding(
            f"The clocks of this machine and of the server are {apart:.0f} s apart. Set the time of this machine. "
            "With Docker Desktop, after the machine was asleep: restart Docker."
        )
    return "agrees with the server's clock"


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
