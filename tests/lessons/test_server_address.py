"""A wrong server's address ends a lesson script with one message: what is wrong, and the remedy."""

import re
import subprocess
import threading
import time
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
    message = re.sub(r"^.* Trying again for up to \d+ s …\n", "", ran.stderr)
    assert len(message.strip().splitlines()) <= 2, ran.stderr
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


ASKS_TWICE = """
import os, mlflow
from mlflow.exceptions import MlflowException
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
print("asking", flush=True)
for _ in range(2):
    try:
        mlflow.search_experiments()
    except MlflowException:
        print("failed")
"""


def test_within_three_seconds_a_script_says_what_it_waits_for_and_for_how_long(lab):
    # As in test_nothing_there, with the lab's own settings for retries.
    ask = ["env", "MLFLOW_TRACKING_URI=http://127.0.0.1:9", "python", "-c", ASKS_TWICE]
    process = lab.popen(*ask, stderr=subprocess.PIPE)
    try:
        assert process.stdout.readline() == "asking\n"
        began = time.monotonic()
        assert process.stderr.readline() == (
            "No MLflow server answers at http://127.0.0.1:9 (MLFLOW_TRACKING_URI): nothing listens there. "
            "Trying again for up to 28 s …\n"
        )
        assert time.monotonic() - began < 3
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(("factor", "seconds"), [("1", 2), ("0", None)])
def test_a_script_says_what_it_waits_for_once_and_only_if_it_waits(lab, factor, seconds):
    settings = {
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
        "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": factor,
    }
    away = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}
    ran = lab.run("python", "-c", ASKS_TWICE, **away, **settings)
    assert ran.stdout == "asking\nfailed\nfailed\n", ran.stderr
    waits = [] if seconds is None else [f"Trying again for up to {seconds} s …"]
    assert re.findall(r"Trying again.*", ran.stderr) == waits


def test_a_script_says_nothing_about_a_server_that_answers(lab):
    ran = lab.run("python", "-c", ASKS_TWICE)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "asking\n", "")


def test_a_check_does_not_wait_for_a_stopped_server(lab):
    began = time.monotonic()
    ran = lab.run("lab", "check", "3", MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    assert ran.returncode == 1
    assert "No MLflow server answers at http://127.0.0.1:9" in ran.stdout
    assert "Trying again" not in ran.stdout + ran.stderr
    assert time.monotonic() - began < 28


def test_a_name_that_nobody_knows(lab):
    impatient = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    for ran in run_each(lab, address="http://mlfow:5000", **impatient):
        assert_explained(ran, "its name is unknown here")


@pytest.mark.parametrize("address", ["mlflow:5000", "htp://mlflow:5000", "/tmp/mlruns"])  # noqa: S108
def test_not_an_address(lab, address):
    for ran in run_each(lab, address=address):
        assert_explained(ran, address, "http://")


@pytest.fixture
def other_server(request) -> Iterator[str]:
    """The address of a web server on this machine that is not MLflow."""
    status = getattr(request, "param", 200)

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
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


@pytest.mark.parametrize("other_server", [503], indirect=True)
def test_a_server_that_answers_with_an_error_is_waited_for_too(embedded_lab, other_server):
    settings = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1"}
    ran = embedded_lab.run("python", "-c", ASKS_TWICE, MLFLOW_TRACKING_URI=other_server, **settings)
    assert ran.stderr == (
        f"The MLflow server at {other_server} answers with an error (status 503). "
        "Trying again for up to 2 s …\n"
    )


def test_the_right_server_under_a_name_it_does_not_allow(lab):
    if lab.mode == "stack":
        # The service's address instead of its name.
        address = f"http://{network_address(lab, 'mlflow')}:5000"
    else:
        # Another way to write 127.0.0.1.
        address = f"http://127.1:{lab.settings['MLFLOW_PORT']}"
    for ran in run_each(lab, address=address):
        assert_explained(ran, "Invalid Host header", "MLFLOW_SERVER_ALLOWED_HOSTS")
