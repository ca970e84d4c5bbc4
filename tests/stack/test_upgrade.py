"""make upgrade-database on what an older MLflow, from the package index, really wrote to Postgres and MinIO."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from tests.support.containers import psql
from tests.support.labs import ROOT, Lab, delete, free_ports, stack_settings

pytestmark = pytest.mark.stack

# With what it could be installed with in its day: SQLAlchemy 2.1 came later.
OLDER = ["mlflow==3.1.4", "sqlalchemy<2.1"]


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of programs of a virtual environment with the older MLflow."""
    folder = tmp_path_factory.mktemp("older")
    uv = ROOT / ".venv" / "bin" / "uv"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    packages = [*OLDER, "psycopg2-binary", "boto3"]
    install = [uv, "pip", "install", "--quiet", "--python", folder / "bin" / "python", *packages]
    subprocess.run(install, check=True)
    return folder / "bin"


@pytest.fixture(scope="module")
def stores():
    """The stores of a stack whose server has not run yet; Postgres too has a port on the host."""
    more = {"COMPOSE_FILE": "docker-compose.yml:tests/stack/older.yml"}
    [port] = free_ports(1)
    settings = stack_settings("mlflow-model-lab-older") | more | {"OLDER_POSTGRES_PORT": port}
    lab = Lab("stack", settings)
    delete(lab)
    try:
        started = lab.compose("up", "--build", "--detach", "--wait", "postgres", "minio")
        assert started.returncode == 0, started.stderr
        for service in ("postgres-setup", "store-setup"):
            ran = lab.compose("run", "--build", "--rm", service)
            assert ran.returncode == 0, ran.stderr
        yield lab
    finally:
        delete(lab)
        for file in (ROOT / "backups").glob(f"{settings['COMPOSE_PROJECT_NAME']}-*"):
            file.unlink()


@pytest.fixture(scope="module")
def written(older, stores):
    """Let the older MLflow, server and client, log and register a model; return its run and its prediction."""
    config = json.loads(stores.compose("config", "--format", "json").stdout)["services"]["mlflow"]
    [port] = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    secrets = ("PGPASSWORD", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    env = os.environ | {name: config["environment"][name] for name in secrets}
    env["MLFLOW_S3_ENDPOINT_URL"] = f"http://127.0.0.1:{stores.settings['MINIO_PORT']}"
    database = f"127.0.0.1:{stores.settings['OLDER_POSTGRES_PORT']}"
    command = [
        older / "mlflow", "server", "--backend-store-uri", f"postgresql+psycopg2://mlflow@{database}/mlflow",
        "--artifacts-destination", "s3://mlflow", "--port", port, "--workers", "1",
    ]  # fmt: skip
    # In a session of its own, which its workers are in, too: they outlive what started them.
    server = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        wait_for(address, server)
        script = [older / "python", "tests/inside/log_with_older.py"]
        client = os.environ | {
            "MLFLOW_TRACKING_URI": address,
            "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        }
        ran = subprocess.run(script, env=client, cwd=ROOT, text=True, capture_output=True)
        assert ran.returncode == 0, ran.stderr
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)
    run_id, prediction = ran.stdout.splitlines()[-1].split(" ", 1)
    return run_id, prediction


def wait_for(address: str, server: subprocess.Popen) -> None:
    """Wait until the server answers there, a minute at most."""
    end = time.monotonic() + 60
    while True:
        with suppress(requests.ConnectionError, requests.Timeout):
            if requests.get(f"{address}/health", timeout=2).ok:
                return
        assert server.poll() is None
        assert time.monotonic() < end
        time.sleep(0.5)


def assert_model_loads(lab: Lab, run_id: str, prediction: str) -> None:
    """Assert that the model answers as it did, whatever its address."""
    up = lab.host("up")
    assert up.returncode == 0, up.stderr
    printed = lab.script("load_with_newer", run_id)
    assert printed.splitlines() == [prediction] * 4 + ["{'accuracy': 1.0}"]


def test_a_failed_migration_loses_nothing_and_says_how_to_go_back_and_a_later_one_works(
    stores, written
):
    refused = stores.host("up")
    assert "older MLflow" in refused.stderr
    assert "make upgrade-database" in refused.stderr
    schema = psql(stores, "SELECT version_num FROM alembic_version")

    # A table in the way of one that a later migration makes.
    psql(stores, "CREATE TABLE webhooks ()")
    failed = stores.host("upgrade-database")
    assert failed.returncode == 1
    assert "Traceback" not in failed.stderr.splitlines()[-1]
    [file] = set(re.findall(r"backups/\S+\.tar", failed.stderr))
    assert "make delete-data" in failed.stderr
    assert f"make restore FILE={file}" in failed.stderr
    assert psql(stores, "SELECT version_num FROM alembic_version") == schema

    # The way back that it names.
    deleted = stores.host("delete-data", typed="yes\n")
    assert deleted.returncode == 0, deleted.stderr
    restored = stores.host("restore", file)
    assert f"Restored {file}" in restored.stdout
    assert "make upgrade-database" in restored.stderr
    assert psql(stores, "SELECT version_num FROM alembic_version") == schema

    # What was in the way is in the backup, too.
    psql(stores, "DROP TABLE webhooks")
    upgraded = stores.host("upgrade-database")
    assert upgraded.returncode == 0, upgraded.stdout + upgraded.stderr
    assert_model_loads(stores, *written)
