"""What Docker prints when the lab does not start or stop as it should: `lab why` knows each message."""

import json
import socket
import subprocess
from collections.abc import Iterator

import pytest

from tests.support.known import assert_known
from tests.support.labs import Lab, delete, free_ports, stack_settings

pytestmark = pytest.mark.stack

IMAGE = "debian:trixie-slim"


def run_container(*words: str) -> subprocess.CompletedProcess[str]:
    """Run a container, which is removed when it ends. Keep what Docker prints."""
    return subprocess.run(["docker", "run", "--rm", *words], text=True, capture_output=True)


@pytest.fixture
def own() -> Iterator[Lab]:
    """A stack of which nothing runs yet."""
    lab = Lab("stack", stack_settings("mlflow-model-lab-messages"))
    delete(lab)
    yield lab
    delete(lab)


@pytest.fixture
def neighbour() -> Iterator[list[str]]:
    """Options of `docker run` for a container that runs beside a test, which removes it."""
    name = stack_settings("mlflow-model-lab-neighbour")["COMPOSE_PROJECT_NAME"]
    yield ["--detach", "--name", name]
    subprocess.run(["docker", "rm", "--force", name], check=True, capture_output=True)


def test_a_port_of_another_program():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        ran = run_container("--publish", f"127.0.0.1:{port}:80", IMAGE, "true")
    assert ran.returncode != 0
    assert_known(ran.stderr, "port_taken")


def test_a_port_of_another_container(neighbour):
    publish = ["--publish", f"127.0.0.1:{free_ports(1)[0]}:80"]
    assert run_container(*neighbour, *publish, IMAGE, "sleep", "60").returncode == 0
    ran = run_container(*publish, IMAGE, "true")
    assert ran.returncode != 0
    assert_known(ran.stderr, "port_taken")


def test_a_checkout_without_env_file(own, tmp_path):
    config = json.loads(own.compose("config", "--format", "json").stdout)
    [target] = [
        volume["target"]
        for volume in config["services"]["trainer"]["volumes"]
        if volume["source"] == "/dev/null"
    ]
    checkout, nothing = f"{tmp_path}:/lab:ro", f"/dev/null:{target}:ro"
    ran = run_container("--volume", checkout, "--volume", nothing, IMAGE, "true")
    assert ran.returncode != 0
    assert_known(ran.stderr, "env_file_not_mounted")


def test_a_database_that_another_env_file_has_created(own):
    up = ["up", "--detach", "--wait", "postgres", "postgres-setup"]
    own.compose(*up)
    failed = own.compose(*up, POSTGRES_PASSWORD="another-password")
    assert failed.returncode != 0
    assert_known(failed.stderr, "service_failed")
    log = own.compose("logs", "postgres-setup").stdout
    assert_known(log, "password_of_another_env")


def test_a_service_of_a_profile_that_still_runs(own, neighbour):
    assert own.compose("up", "--detach", "postgres").returncode == 0
    network = f"{own.settings['COMPOSE_PROJECT_NAME']}_default"
    assert run_container(*neighbour, "--network", network, IMAGE, "sleep", "60").returncode == 0
    printed = own.compose("down").stderr
    assert_known(printed, "network_in_use")
