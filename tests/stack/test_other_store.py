"""An object store that is not MinIO: Versity's S3 gateway takes MinIO's place."""

import re

import pytest

from tests.support.containers import secrets
from tests.support.labs import ROOT, Lab, delete, stack_settings

pytestmark = pytest.mark.stack
BUCKET, READER = "team-models", "team-reader"
STORE = {
    "LAB_S3_ENDPOINT": "http://other-store:7070",
    "LAB_S3_BUCKET": BUCKET,
    "LAB_S3_READER_ACCESS_KEY": READER,
    "COMPOSE_FILE": "docker-compose.yml:tests/stack/other_store.yml",
}


def succeed(lab: Lab, *words: str, typed: str = "") -> str:
    """Run `docker compose`; return what it prints."""
    ran = lab.compose(*words, typed=typed)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def other_lab():
    """A lab with the other store, whose store has no bucket and no reader yet."""
    lab = Lab("stack", stack_settings("mlflow-model-lab-other") | STORE)
    delete(lab)
    try:
        succeed(lab, "up", "--build", "--detach", "--wait", "other-store")
        yield lab
    finally:
        delete(lab)


def prepare(lab: Lab) -> None:
    """Create what docs/another-store.md asks for: a bucket, and an account that can only read it."""
    secret = secrets()["LAB_S3_READER_SECRET_KEY"]
    user = ["--access", READER, "--secret", secret, "--role", "user"]
    succeed(lab, "exec", "--no-TTY", "other-store", "versitygw", "admin", "create-user", *user)
    script = (ROOT / "tests" / "inside" / "prepare_other_store.py").read_text()
    command = ["run", "--rm", "--no-deps", "--no-TTY", "mlflow", "python", "-", BUCKET, READER]
    succeed(lab, *command, typed=script)


def test_a_store_without_the_bucket_ends_the_start_with_one_message(other_lab):
    ran = other_lab.host("up")
    assert ran.returncode == 1
    assert f"the lab cannot list the bucket {BUCKET} with LAB_S3_ACCESS_KEY" in ran.stderr
    assert "NoSuchBucket" in ran.stderr and "docs/another-store.md" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_the_lab_works_with_it_and_without_minio(other_lab):
    prepare(other_lab)
    started = other_lab.host("up")
    assert started.returncode == 0, started.stdout + started.stderr
    listed = succeed(other_lab, "ps", "--all", "--format", "{{.Service}}").split()
    assert set(listed) == {
        "postgres",
        "postgres-setup",
        "store-setup",
        "mlflow",
        "trainer",
        "other-store",
    }
    for script in ("tutorial/02_log/run.py", "tutorial/03_models_pyfunc/run.py"):
        ran = other_lab.run("python", script)
        assert ran.returncode == 0, ran.stdout + ran.stderr
    # It compares the store's bytes with the server's, and tries to write with the reader's account.
    ran = other_lab.run("python", "examples/02_log/behind_the_curtain.py")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "The store refuses to write: AccessDenied" in ran.stdout
    assert other_lab.run("lab").returncode == 0
    doctor = other_lab.run("lab", "doctor")
    assert doctor.returncode == 0, doctor.stdout
    assert f"{READER} can read the bucket {BUCKET}" in doctor.stdout


def test_a_file_that_the_store_does_not_have_is_404_there_too(other_lab):
    path = "/api/2.0/mlflow-artifacts/artifacts/no/such/file"
    code = f"import requests; print(requests.get('http://mlflow:5000{path}').status_code)"
    assert other_lab.run("python", "-c", code).stdout.strip() == "404"


def test_a_backup_contains_its_objects_and_deleting_the_lab_s_data_keeps_them(other_lab):
    ran = other_lab.host("backup")
    assert ran.returncode == 0, ran.stderr
    file = ROOT / re.search(r"Backup: (\S+)", ran.stdout)[1]
    file.unlink()
    assert int(re.search(r"(\d+) objects and the database", ran.stdout)[1]) > 10
    ran = other_lab.host("delete-data", typed="yes\n")
    assert f"still in the bucket {BUCKET}" in ran.stdout
