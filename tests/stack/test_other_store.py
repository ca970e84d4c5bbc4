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


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("LAB_S3_SECRET_KEY", "wrong-secret", "cannot list the bucket team-models with LAB_S3_ACC"),
        ("LAB_S3_READER_SECRET_KEY", "wrong-secret", "with LAB_S3_READER_ACCESS_KEY"),
        ("LAB_S3_ENDPOINT", "http://other-store:7071", "Could not connect to the endpoint"),
        ("LAB_S3_ENDPOINT", "other-store:7070", "LAB_S3_ENDPOINT cannot be used"),
        ("LAB_S3_REGION", "eu central", "LAB_S3_REGION cannot be used"),
    ],
)
def test_a_setting_that_cannot_work_is_named(other_lab, setting, value, words):
    assert words in refused_store(other_lab, {setting: value})


def test_a_reader_that_may_write_is_refused(other_lab):
    account = {
        "LAB_S3_READER_ACCESS_KEY": secrets()["LAB_S3_ACCESS_KEY"],
        "LAB_S3_READER_SECRET_KEY": secrets()["LAB_S3_SECRET_KEY"],
    }
    message = refused_store(other_lab, account)
    assert f"LAB_S3_READER_ACCESS_KEY must not write to the bucket {BUCKET}" in message


def refused_store(lab: Lab, env: dict[str, str]) -> str:
    """Run the check of the store with other settings; return its message."""
    exports = [word for name, value in env.items() for word in ("--env", f"{name}={value}")]
    ran = lab.compose("run", "--rm", "--no-deps", "--no-TTY", *exports, "store-setup")
    assert ran.returncode == 1
    assert "store-setup: " in ran.stderr and "Traceback" not in ran.stderr
    return ran.stderr


def test_a_file_that_the_store_does_not_have_is_404_there_too(other_lab):
    path = "/api/2.0/mlflow-artifacts/artifacts/no/such/file"
    code = f"import requests; print(requests.get('http://mlflow:5000{path}').status_code)"
    assert other_lab.run("python", "-c", code).stdout.strip() == "404"


def test_a_backup_moves_runs_and_models_to_an_empty_store(other_lab):
    made = other_lab.host("backup")
    assert made.returncode == 0, made.stderr
    file = ROOT / re.search(r"Backup: (\S+)", made.stdout)[1]
    try:
        deleted = other_lab.host("delete-data", typed="yes\n")
        assert deleted.returncode == 0, deleted.stderr
        assert f"but not the bucket {BUCKET} at " in deleted.stdout
        assert f"still in the bucket {BUCKET}" in deleted.stdout
        # This store's own volume belongs to the same project. So the next store is empty.
        succeed(other_lab, "up", "--detach", "--wait", "other-store")
        prepare(other_lab)
        restored = other_lab.host("restore", str(file))
        assert restored.returncode == 0, restored.stdout + restored.stderr
    finally:
        file.unlink()
    ran = other_lab.run("python", "examples/03_models_pyfunc/reproduce_run.py")
    assert ran.returncode == 0, ran.stdout + ran.stderr
