"""The stack from outside: what it opens, what each service may see and do, where a model's bytes are."""

import json
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection

import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric

from host.compose import last_check
from tests.support.containers import inspect, psql
from tests.support.labs import stored

pytestmark = pytest.mark.stack


def test_thirty_learners_who_log_metrics_at_once_get_no_error(stack_lab):
    client = MlflowClient(f"http://127.0.0.1:{stack_lab.settings['MLFLOW_PORT']}")
    experiment = client.create_experiment("thirty_learners")
    runs = [client.create_run(experiment).info.run_id for _ in range(30)]

    def learn(run: str) -> None:
        for step in range(10):
            metrics = [Metric(f"metric_{n}", step, 1000 * step, step) for n in range(20)]
            client.log_batch(run, metrics)

    with ThreadPoolExecutor(len(runs)) as crowd:
        # Raises the first error that any of them gets.
        list(crowd.map(learn, runs))
    client.delete_experiment(experiment)


def test_uploads_in_transit_are_on_disk_and_a_start_removes_them(stack_lab):
    mounts = inspect(stack_lab, "mlflow")["Mounts"]
    types = {mount["Destination"]: mount["Type"] for mount in mounts}
    assert types["/tmp"] == "volume"  # noqa: S108
    # As a server leaves it that is killed in the middle of an upload.
    inside = ("exec", "--no-TTY", "mlflow", "sh", "-c")
    assert (
        stack_lab.compose(*inside, "mkdir /tmp/left && echo half > /tmp/left/half").returncode == 0
    )
    assert stack_lab.compose("restart", "--timeout", "5", "mlflow").returncode == 0
    assert stack_lab.compose("up", "--detach", "--wait").returncode == 0
    assert "No such file" in stack_lab.compose(*inside, "ls /tmp/left").stderr


def test_the_learner_has_a_name_a_home_and_a_read_only_checkout_that_git_trusts(stack_lab):
    ran = stack_lab.run(
        "bash", "-c", "whoami; pwd; git rev-parse HEAD; touch $LAB_OUTPUT/x && rm $LAB_OUTPUT/x"
    )
    assert ran.stdout.split()[:2] == ["learner", "/lab"]
    assert (ran.returncode, len(ran.stdout.split()[2])) == (0, 40)
    refused = stack_lab.run("touch", "/lab/x")
    assert "Read-only file system" in refused.stderr


@pytest.fixture(scope="module")
def logged(stack_lab):
    """A model that was logged once; tests look for it in the database and in the store."""
    run_id, model_id, location = stack_lab.script("log_model", "test_stack").split()
    return {"run": run_id, "model": model_id, "key": location.removeprefix("mlflow-artifacts:/")}


def test_a_logged_model_s_rows_are_in_postgres(stack_lab, logged):
    query = f"SELECT source_run_id FROM logged_models WHERE model_id = '{logged['model']}'"
    code = f"import psycopg2; c = psycopg2.connect('').cursor(); c.execute({query!r}); print(c.fetchall())"
    ran = stack_lab.run("python", "-c", code)
    assert ran.stdout.strip() == f"[('{logged['run']}',)]", ran.stderr


def test_a_missing_file_is_404_which_no_client_retries(stack_lab, logged):
    """MLflow's own answer is 500, and loading runs:/…/model would take 28 s."""
    path = f"/api/2.0/mlflow-artifacts/artifacts/{logged['key']}/no_such_file"
    server = HTTPConnection("127.0.0.1", int(stack_lab.settings["MLFLOW_PORT"]))
    server.request("GET", path)
    answer = server.getresponse()
    assert answer.status == 404
    assert json.load(answer)["error_code"] == "RESOURCE_DOES_NOT_EXIST"


def test_a_logged_model_s_objects_are_in_minio_and_are_the_bytes_that_the_server_gives(
    stack_lab, logged
):
    names = stack_lab.script("compare_objects", logged["model"], logged["key"]).split()
    assert {"MLmodel", "model.skops"} <= set(names)


def test_smoke_tests_pass_and_leave_no_row_and_no_object(stack_lab):
    tables = [
        "experiments WHERE lifecycle_stage = 'active'",
        "runs WHERE lifecycle_stage = 'active'",
        "registered_models",
        "model_versions",
        "registered_model_aliases",
    ]

    def counts() -> list[int]:
        rows = [int(psql(stack_lab, f"SELECT count(*) FROM {table}")) for table in tables]
        return [*rows, len(stored(stack_lab))]

    before = counts()
    smoke = stack_lab.run("pytest", "-q", "tests/smoke")
    assert smoke.returncode == 0, smoke.stdout
    assert "skipped" not in smoke.stdout
    assert counts() == before


def test_one_shots_can_run_again_and_give_users_their_new_secrets(stack_lab):
    changed = {
        "LAB_DB_READER_PASSWORD": "it's another %one",
        "LAB_S3_READER_SECRET_KEY": "another-secret",
    }
    try:
        again = stack_lab.compose("up", "--wait", **changed)
        assert again.returncode == 0, again.stderr
        assert stack_lab.run("lab", "doctor").returncode == 0
    finally:
        assert stack_lab.compose("up", "--wait").returncode == 0


@pytest.mark.parametrize(
    "order", [("postgres", "mlflow", "minio", "trainer"), ("trainer", "minio", "postgres")]
)
def test_services_can_be_restarted_in_any_order(stack_lab, order):
    for service in order:
        assert stack_lab.compose("restart", "--timeout", "5", service).returncode == 0
    assert stack_lab.compose("up", "--wait").returncode == 0
    doctor = stack_lab.run("lab", "doctor")
    assert doctor.returncode == 0, doctor.stdout


@pytest.mark.parametrize(
    ("revision", "words"),
    [
        ("cbc13b556ace", "older MLflow: its schema is cbc13b556ace"),
        ("ffffffffffff", "newer MLflow"),
    ],
)
def test_a_database_of_another_mlflow_stops_the_start_with_a_message(stack_lab, revision, words):
    current = psql(stack_lab, "SELECT version_num FROM alembic_version")
    psql(stack_lab, f"UPDATE alembic_version SET version_num = '{revision}'")
    try:
        stack_lab.compose("restart", "mlflow")
        ran = stack_lab.host("up")
        assert ran.returncode == 1
        assert words in ran.stderr
        assert "make upgrade-database" in ran.stderr or "make delete-data" in ran.stderr
        assert "Traceback" not in ran.stderr
        assert psql(stack_lab, "SELECT version_num FROM alembic_version") == revision
    finally:
        psql(stack_lab, f"UPDATE alembic_version SET version_num = '{current}'")
        assert stack_lab.host("up").returncode == 0


def test_last_check_returns_the_output_of_an_unhealthy_container_s_check():
    check = [
        "--health-cmd",
        "echo the reason; exit 1",
        "--health-interval",
        "1s",
        "--health-retries",
        "1",
    ]
    command = ["docker", "run", "--rm", "--detach", *check, "debian:trixie-slim", "sleep", "60"]
    started = subprocess.run(command, text=True, capture_output=True, check=True)
    container = started.stdout.strip()
    try:
        assert last_check(container) in ("nothing yet", "the reason")
        state = ["docker", "inspect", "--format", "{{.State.Health.Status}}", container]
        while (
            subprocess.run(state, text=True, capture_output=True, check=True).stdout.strip()
            == "starting"
        ):
            time.sleep(0.2)
        assert last_check(container) == "the reason"
    finally:
        subprocess.run(["docker", "kill", container], capture_output=True)
