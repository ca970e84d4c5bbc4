"""lab doctor on the stack: the checks that only the stack has. Each test breaks one thing for real."""

import json
import subprocess

import pytest

from tests.doctor.rows import assert_only, doctor
from tests.support.containers import network_address, psql

pytestmark = pytest.mark.stack


def test_another_server(stack_lab):
    ran = doctor(stack_lab, MLFLOW_TRACKING_URI="http://minio:9001")
    assert_only(ran, "it is MLflow", "MLFLOW_TRACKING_URI")


def test_host(stack_lab):
    address = network_address(stack_lab, "mlflow")
    ran = doctor(stack_lab, MLFLOW_TRACKING_URI=f"http://{address}:5000")
    assert_only(ran, "Host is allowed", "MLFLOW_SERVER_ALLOWED_HOSTS")


def test_disk_without_room_or_permission_to_write(stack_lab):
    # 64 MiB, as Docker makes it.
    small = doctor(stack_lab, LAB_OUTPUT="/dev/shm")  # noqa: S108
    assert_only(small, "disk", "docker system prune")
    assert_only(doctor(stack_lab, LAB_OUTPUT="/lab"), "disk", "cannot write")


def test_git_that_does_not_trust_the_checkout(stack_lab):
    ran = doctor(stack_lab, GIT_CONFIG_SYSTEM="/dev/null")
    assert_only(ran, "git", "safe.directory /lab")


def test_stopped_store(stack_lab):
    stack_lab.compose("stop", "minio")
    try:
        assert_only(doctor(stack_lab), "artifacts", "lab doctor", also=("store account",))
    finally:
        assert stack_lab.compose("up", "--wait").returncode == 0


@pytest.mark.parametrize(
    ("variables", "name", "also"),
    [
        ({"PGPASSWORD": "wrong"}, "database account", ()),
        ({"LAB_S3_SECRET_KEY": "wrong-secret"}, "store account", ()),
        ({"LAB_S3_BUCKET": "nothere"}, "store account", ()),
    ],
)
def test_account_or_bucket(stack_lab, variables, name, also):
    assert_only(doctor(stack_lab, **variables), name, "docker compose up --wait", also=also)


def test_database_account_that_can_write(stack_lab):
    psql(stack_lab, "GRANT INSERT ON runs TO lab_reader")
    try:
        assert_only(doctor(stack_lab), "database account", "docker compose up --wait")
    finally:
        psql(stack_lab, "REVOKE INSERT ON runs FROM lab_reader")


def test_store_account_that_can_write(stack_lab):
    config = json.loads(stack_lab.compose("config", "--format", "json").stdout)
    secret = config["services"]["mlflow"]["environment"]["AWS_SECRET_ACCESS_KEY"]
    key = config["services"]["mlflow"]["environment"]["AWS_ACCESS_KEY_ID"]
    ran = doctor(stack_lab, LAB_S3_ACCESS_KEY=key, LAB_S3_SECRET_KEY=secret)
    assert_only(ran, "store is read-only", "docker compose up --wait")


def test_memory(stack_lab):
    # The engine refuses a limit below what is in use.
    stack_lab.end_warm_python()
    container = stack_lab.compose("ps", "--quiet", "trainer").stdout.strip()
    limit = ["docker", "update", "--memory", "200m", "--memory-swap", "200m", container]
    assert subprocess.run(limit, capture_output=True).returncode == 0
    try:
        assert_only(doctor(stack_lab), "memory", "give Docker more")
    finally:
        limit[3] = limit[5] = "16g"
        subprocess.run(limit, capture_output=True, check=True)


def test_user_without_a_name(stack_lab):
    command = ["exec", "--no-TTY", "--user", "4242", "trainer", "lab", "doctor", "--json"]
    ran = stack_lab.compose(*command)
    assert_only(ran, "user name", "LAB_UID", also=("disk",))
