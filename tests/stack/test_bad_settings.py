"""Settings and machines that cannot work: each ends in one message with the remedy, and nothing half-done."""

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from host.settings import random_secret
from tests.support.checkout import copy_of_checkout
from tests.support.known import assert_known
from tests.support.labs import assert_one_message, run, stack_settings

pytestmark = pytest.mark.stack


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A fresh copy of the repository, without anything that git does not know."""
    return copy_of_checkout(tmp_path)


def clean(**more: str) -> dict[str, str]:
    """Return an environment without any of the lab's settings but `more`."""
    ours = ("LAB_", "MLFLOW_", "MINIO_", "POSTGRES_", "COMPOSE_", "MAKE", "ARGS")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)} | more


def make(checkout: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Type `make …` in a checkout."""
    return run(["make", f"PYTHON={sys.executable}", *words], env=clean(**env), cwd=checkout)


def test_plain_compose_without_env_file_says_how_to_get_one(checkout):
    ran = run(["docker", "compose", "up", "--wait"], env=clean(), cwd=checkout)
    assert_one_message(ran, "cp .env.example .env")
    assert_known(ran.stderr, "setting_missing")


def test_the_example_as_env_file_names_all_that_plain_compose_needs(checkout):
    shutil.copy(checkout / ".env.example", checkout / ".env")
    ran = run(["docker", "compose", "config", "--quiet"], env=clean(), cwd=checkout)
    assert ran.returncode == 0, ran.stderr


def logs_of_a_failed_start(checkout: Path, *services: str, **settings: str) -> list[str]:
    """Start a stack with plain Compose, which must fail; return the services' logs and delete the stack."""
    env = clean(**stack_settings("mlflow-model-lab-example"), **settings)
    try:
        ran = run(["docker", "compose", "up", "--build", "--wait", "mlflow"], env=env, cwd=checkout)
        assert ran.returncode != 0
        assert_known(ran.stderr, "service_failed")
        logs = ["docker", "compose", "logs"]
        return [run([*logs, service], env=env, cwd=checkout).stdout for service in services]
    finally:
        down = ["docker", "compose", "down", "--volumes", "--rmi", "local"]
        assert run(down, env=env, cwd=checkout).returncode == 0


def test_plain_compose_does_not_start_with_the_example_s_passwords(checkout):
    shutil.copy(checkout / ".env.example", checkout / ".env")
    for log in logs_of_a_failed_start(checkout, "postgres-setup", "store-setup"):
        assert_known(log, "values_of_the_example")


def test_plain_compose_fails_soon_if_minio_ends_and_says_where_the_reason_is(checkout):
    prepare = [sys.executable, "-m", "host", "prepare"]
    env = clean(**stack_settings("mlflow-model-lab-example"))
    assert run(prepare, env=env, cwd=checkout).returncode == 0
    # MinIO needs 8 characters. `make` would refuse this before it starts anything.
    services = ("store-setup", "minio")
    [log, minio_log] = logs_of_a_failed_start(checkout, *services, MINIO_ROOT_PASSWORD="short")
    assert "MinIO has ended. Its log says why: docker compose logs minio" in log
    assert_known(minio_log, "minio_password_too_short")


def test_plain_compose_refuses_an_empty_minio_password(checkout):
    shutil.copy(checkout / ".env.example", checkout / ".env")
    ran = run(
        ["docker", "compose", "up", "--wait"],
        env=clean(MINIO_ROOT_PASSWORD=""),
        cwd=checkout,
    )
    assert_one_message(ran, "MINIO_ROOT_PASSWORD", "8 characters")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("MINIO_ROOT_PASSWORD", "short", "MINIO_ROOT_PASSWORD in .env has 5 characters"),
        ("MINIO_ROOT_PASSWORD", "", "MINIO_ROOT_PASSWORD in .env is missing"),
        ("LAB_S3_SECRET_KEY", "1234567", "LAB_S3_SECRET_KEY in .env has 7 characters"),
        ("MINIO_ROOT_USER", "me", "MINIO_ROOT_USER"),
        ("MLFLOW_PORT", "http", "MLFLOW_PORT is 'http'"),
        ("LAB_MODE", "docker", "LAB_MODE is 'docker'"),
    ],
)
def test_setting_that_cannot_work_is_refused_by_name(checkout, name, value, message):
    example = (checkout / ".env.example").read_text()
    text = re.sub(r"(?<==)change-me-.*", lambda match: random_secret(match[0]), example)
    lines = [
        f"{name}={value}" if line.startswith(f"{name}=") else line for line in text.splitlines()
    ]
    (checkout / ".env").write_text("\n".join(lines))
    assert_one_message(make(checkout, "up"), message)


@pytest.mark.parametrize("mode", ["stack", "embedded"])
def test_port_that_is_taken_is_named_with_its_setting(checkout, mode):
    settings = stack_settings("mlflow-model-lab-port")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", int(settings["MLFLOW_PORT"])))
        listener.listen()
        ran = make(checkout, "up", LAB_MODE=mode, **settings)
    assert_one_message(ran, f"Port {settings['MLFLOW_PORT']}", "MLFLOW_PORT in .env")
    assert_known(ran.stderr, "port_taken")
    assert not (checkout / ".venv").exists()


def test_without_an_engine_the_stack_is_refused_and_the_embedded_mode_is_chosen(checkout):
    away = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}
    assert_one_message(
        make(checkout, "up", LAB_MODE="stack", **away),
        "no Docker engine answers",
        "LAB_MODE=embedded",
    )
    # A port that is none: only the line that tells the mode is of interest, and nothing gets installed.
    chosen = make(checkout, "up", MLFLOW_PORT="none", **away)
    assert "Mode: embedded, because no Docker engine answers" in chosen.stdout


def test_old_engine_and_old_compose_are_refused(checkout, tmp_path_factory):
    # The one thing these tests do not have for real: an old engine. This says what one says.
    folder = tmp_path_factory.mktemp("old")
    docker = folder / "docker"
    for engine, plugin, message in (
        ("20.10.24", "2.30.0", "the Docker engine is 20.10.24, older than 25"),
        ("26.1.5", "2.17.2", "Docker Compose is 2.17.2, older than 2.26"),
    ):
        docker.write_text(f'#!/bin/sh\n[ "$1" = version ] && echo {engine} || echo {plugin}\n')
        docker.chmod(0o755)
        path = f"{folder}{os.pathsep}{os.environ['PATH']}"
        assert_one_message(make(checkout, "up", LAB_MODE="stack", PATH=path), message, "update it")


def test_old_python_is_refused(checkout):
    code = "import sys, runpy; sys.version_info = (3, 10, 2); runpy.run_module('host', run_name='__main__')"
    ran = run([sys.executable, "-c", code], env=clean(), cwd=checkout)
    assert_one_message(ran, "Python 3.11 or newer; your python3 is 3.10", "PYTHON=")


def test_host_s_entry_parses_on_old_pythons(checkout):
    code = "import ast; ast.parse(open('host/__main__.py').read(), feature_version=(3, 6))"
    assert run([sys.executable, "-c", code], env=clean(), cwd=checkout).returncode == 0


def test_python_without_venv_is_told_what_to_install(checkout):
    # A Debian whose Python came without python3-venv.
    install = "apt-get -qq update && apt-get -qq install -y --no-install-recommends make python3"
    script = f"{install} >/dev/null 2>&1; LAB_MODE=embedded make up"
    mount = ["--volume", f"{checkout}:/checkout", "--workdir", "/checkout"]
    ran = run(
        ["docker", "run", "--rm", *mount, "debian:trixie-slim", "sh", "-c", script], env=clean()
    )
    assert_one_message(ran, "apt install python3-venv")
