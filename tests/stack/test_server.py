"""The MLflow server's processes: one imports MLflow, and its workers answer."""

import json
import time

import pytest

from tests.support.containers import inspect, psql, run_script

pytestmark = pytest.mark.stack


def server(lab) -> dict:
    """Return the server's workers, and the most database connections that one of them opens."""
    return json.loads(run_script(lab, "mlflow", "server_workers"))


def test_postgres_has_a_connection_for_everything_that_the_workers_may_need(stack_lab):
    state = server(stack_lab)
    assert len(state["workers"]) == 2
    settings = ("max_connections", "superuser_reserved_connections", "reserved_connections")
    limit, *reserved = (int(psql(stack_lab, f"SHOW {setting}")) for setting in settings)
    reader = int(psql(stack_lab, "SELECT rolconnlimit FROM pg_roles WHERE rolname = 'lab_reader'"))
    assert len(state["workers"]) * state["connections"] + reader <= limit - sum(reserved)


def test_a_worker_that_ends_is_replaced_and_the_server_does_not_start_again(stack_lab):
    restarts = inspect(stack_lab, "mlflow")["RestartCount"]
    killed, kept = server(stack_lab)["workers"]
    assert stack_lab.compose("exec", "mlflow", "sh", "-c", f"kill -KILL {killed}").returncode == 0
    end = time.monotonic() + 60
    while killed in (workers := server(stack_lab)["workers"]) or len(workers) < 2:
        assert time.monotonic() < end, workers
        time.sleep(0.2)
    assert kept in workers
    # More requests than one worker gets.
    for _ in range(3):
        stack_lab.script("log_model", "replaced")
    assert inspect(stack_lab, "mlflow")["RestartCount"] == restarts


def test_the_server_ends_by_itself_when_docker_stops_it(stack_lab):
    assert stack_lab.compose("stop", "mlflow").returncode == 0
    try:
        # Docker kills a container that needs more than 10 s, and the status is 137.
        assert inspect(stack_lab, "mlflow")["State"]["ExitCode"] in (0, 143)
    finally:
        assert stack_lab.compose("up", "--wait").returncode == 0
