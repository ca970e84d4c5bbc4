"""A wrong server's address ends a lesson script with one message: what is wrong, and the remedy."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.support.containers import network_address

SCRIPTS = ["tutorial/03_models_pyfunc/run.py", "examples/02_log/behind_the_curtain.py"]


def assert_explained(ran, *words: str) -> None:
    """Assert that a script failed with one message, naming the variable and every one of `words`."""
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr
    assert len(ran.stderr.strip().splitlines()) <= 2, ran.stderr
    for word in ("MLFLOW_TRACKING_URI", *words):
        assert word in ran.stderr


def run_each(lab, *words: str, address: str, **env: str) -> list:
    """Run the scripts side by side, since a server that is away takes them all of their patience."""
    env["MLFLOW_TRACKING_URI"] = address
    command = [*words, *lab.warm_python()]
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda script: lab.run(*command, script, **env), SCRIPTS))


def test_unset_or_empty(lab):
    for ran in (
        lab.run("python", SCRIPTS[0], unset="MLFLOW_TRACKING_URI"),
        *run_each(lab, address=""),
    ):
        assert_explained(
            ran, "MLFLOW_TRACKING_URI is not set", "docker compose exec trainer bash", "make shell"
        )


def test_nothing_there(lab):
    # MLflow's own retries would take four minutes, these 28 s; the rest is for a busy machine.
    start = "docker compose up --wait" if lab.mode == "stack" else "make up"
    for ran in run_each(lab, "timeout", "90", address="http://127.0.0.1:9"):
        assert_explained(ran, "nothing listens there", start)


def test_a_name_that_nobody_knows(lab):
    impatient = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    for ran in run_each(lab, address="http://mlfow:5000", **impatient):
        assert_explained(ran, "its name is unknown here")


@pytest.mark.parametrize("address", ["mlflow:5000", "htp://mlflow:5000", "/tmp/mlruns"])  # noqa: S108
def test_not_an_address(lab, address):
    for ran in run_each(lab, address=address):
        assert_explained(ran, address, "http://")


@pytest.fixture
def other_server() -> Iterator[str]:
    """The address of a web server on this machine that is not MLflow."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>Hello</html>")

        do_POST = do_GET  # noqa: N815

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_another_server(embedded_lab, other_server):
    for ran in run_each(embedded_lab, address=other_server):
        assert_explained(ran, "not MLflow's API")


def test_the_right_server_under_a_name_it_does_not_allow(lab):
    if lab.mode == "stack":
        # The service's address instead of its name.
        address = f"http://{network_address(lab, 'mlflow')}:5000"
    else:
        # Another way to write 127.0.0.1.
        address = f"http://127.1:{lab.settings['MLFLOW_PORT']}"
    for ran in run_each(lab, address=address):
        assert_explained(ran, "Invalid Host header", "MLFLOW_SERVER_ALLOWED_HOSTS")
