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


def kill_and_wait(lab, worker: int) -> None:
    """Kill a worker, and wait until the server has another one in its place."""
    assert lab.compose("exec", "mlflow", "sh", "-c", f"kill -KILL {worker}").returncode == 0
    end = time.monotonic() + 60
    while worker in (workers := server(lab)["workers"]) or len(workers) < 2:
        assert time.monotonic() < end, workers
        time.sleep(0.2)


def test_a_worker_that_ends_is_replaced_and_the_server_does_not_start_again(stack_lab):
    restarts = inspect(stack_lab, "mlflow")["RestartCount"]
    # One after the other. Then only new workers are left to answer.
    for killed in server(stack_lab)["workers"]:
        kill_and_wait(stack_lab, killed)
    stack_lab.script("log_model", "replaced")
    assert inspect(stack_lab, "mlflow")["RestartCount"] == restarts


def test_the_server_ends_by_itself_when_docker_stops_it(stack_lab):
    assert stack_lab.compose("stop", "mlflow").returncode == 0
    try:
        # Docker kills a container that needs more than 10 s, and the status is 137.
        assert inspect(stack_lab, "mlflow")["State"]["ExitCode"] == 0
    finally:
        assert stack_lab.compose("up", "--wait").returncode == 0
