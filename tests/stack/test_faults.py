"""Services that are killed, stopped, full, or at their limit, while thirty loggers are at work: nothing is lost."""

import json
import random
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from tests.support.labs import Lab, delete, stack_settings
from tests.support.loggers import Loggers
from tests.support.containers import inspect

# What came of what the callers were told: run in the trainer, on the last line that load.py printed.
VERIFY = """
import hashlib, json, sys
from concurrent.futures import ThreadPoolExecutor
import mlflow, psycopg2

told = json.load(sys.stdin)
experiment = mlflow.get_experiment_by_name(sys.argv[1]).experiment_id

def kept(one):
    # Nothing of what the server said yes to is missing or another.
    if "weights" in one:
        model = mlflow.sklearn.load_model(f"models:/{one['model']}")
        assert model.coef_[0].tolist() == one["weights"], one
    if "file" in one:
        text = mlflow.artifacts.load_text(f"runs:/{one['run']}/file.txt")
        assert hashlib.sha256(text.encode()).hexdigest() == one["file"], one

with ThreadPoolExecutor(8) as pool:
    list(pool.map(kept, told))

cursor = psycopg2.connect("").cursor()
cursor.execute("SELECT run_uuid, status FROM runs WHERE experiment_id = %s", (experiment,))
runs = dict(cursor.fetchall())
cursor.execute("SELECT model_id, status FROM logged_models WHERE experiment_id = %s", (experiment,))
# As in MLflow's LoggedModelStatus.
models = {model: {1: "PENDING", 2: "READY", 3: "FAILED"}[status] for model, status in cursor.fetchall()}
print(json.dumps({"runs": runs, "models": models}))
"""


def at_work(lab: Lab) -> tuple[Loggers, str]:
    """Start thirty loggers; return them, and the name of their experiment."""
    experiment = f"load_{uuid4().hex[:8]}"
    return Loggers(lab, experiment, seconds=12, count=30), experiment


def outcome(lab: Lab, loggers: Loggers, experiment: str) -> tuple[list[dict], dict]:
    """Return what the loggers were told, and the states of runs and models, once each has been looked at."""
    told = loggers.told()
    words = ["exec", "--no-TTY", "trainer", "python", "-c", VERIFY, experiment]
    ran = lab.compose(*words, typed=json.dumps(told))
    assert ran.returncode == 0, ran.stderr
    return told, json.loads(ran.stdout)


def assert_nothing_lost(told: list[dict], found: dict) -> None:
    """Assert that each run ended well or its caller knows better, and that no more was left than what was in flight."""
    runs, models = found["runs"], found["models"]
    for one in told:
        if "error" not in one:
            assert (runs[one["run"]], models[one["model"]]) == ("FINISHED", "READY"), one
    # What the server did when it could not tell any more: MLflow's client asks again, and a second row is made.
    known_runs, known_models = ({one.get(kind) for one in told} for kind in ("run", "model"))
    errors = [one["error"] for one in told if "error" in one]
    strays = [run for run in runs if run not in known_runs]
    assert len(strays) <= 30, strays
    assert {runs[run] for run in strays} <= {"RUNNING"}
    unknown = [model for model, state in models.items() if model not in known_models]
    # Logged by a run that failed, whose caller knows that, or in flight.
    assert len(unknown) <= len(errors) + 30
    # An answer that breaks off in the middle is none that MLflow's client asks for again.
    assert len(errors) <= 5, Counter(errors)


@pytest.mark.parametrize("service", ["mlflow", "postgres", "minio"])
def test_a_service_that_is_killed_under_load_and_comes_back_costs_nothing(stack_lab, service):
    before, away = random.uniform(0, 4), random.uniform(1, 15)  # noqa: S311
    print(f"killed after {before:.1f} s, away for {away:.1f} s")
    loggers, experiment = at_work(stack_lab)
    scripts = ("tutorial/02_log/run.py", "tutorial/03_models_pyfunc/run.py")
    with ThreadPoolExecutor() as pool:
        lessons = [pool.submit(stack_lab.run, "python", script) for script in scripts]
        time.sleep(before)
        killed = stack_lab.compose("kill", "--signal", "KILL", service)
        assert killed.returncode == 0, killed.stderr
        time.sleep(away)
        assert stack_lab.compose("start", service).returncode == 0
        for lesson in lessons:
            ran = lesson.result()
            assert ran.returncode == 0, ran.stdout + ran.stderr
    assert_nothing_lost(*outcome(stack_lab, loggers, experiment))


HOLD = """
import sys, time, psycopg2
held, end = [], time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    try:
        held.append(psycopg2.connect(host="postgres", dbname="mlflow", user="mlflow"))
    except psycopg2.OperationalError as error:
        said = str(error)
        time.sleep(0.05)
print(said)
"""


def test_postgres_at_its_connection_limit_costs_nothing(stack_lab):
    loggers, experiment = at_work(stack_lab)
    held = stack_lab.compose("exec", "--no-TTY", "mlflow", "python", "-c", HOLD, "10")
    assert "remaining connection slots are reserved" in held.stdout, held.stderr
    assert_nothing_lost(*outcome(stack_lab, loggers, experiment))


READERS = """
import mlflow, psycopg2
held = []
try:
    while len(held) < 50:
        held.append(psycopg2.connect(""))
except psycopg2.OperationalError as error:
    print(len(held), error)
mlflow.set_experiment("readers")
with mlflow.start_run():
    mlflow.log_metric("loss", 1)
"""


def test_who_looks_behind_the_curtain_cannot_take_the_server_s_connections(stack_lab):
    ran = stack_lab.run("python", "-c", READERS)
    assert ran.returncode == 0, ran.stderr
    assert "too many connections for role" in ran.stdout
    assert int(ran.stdout.split()[0]) <= 10


CRASH = """
import os, signal
from pathlib import Path
for process in Path("/proc").glob("[0-9]*"):
    if int(process.name) not in (1, os.getpid()):
        os.kill(int(process.name), signal.SIGKILL)
"""


def wait_until_well(lab: Lab) -> None:
    """Wait until the lab's doctor has nothing to say, two minutes at most."""
    end = time.monotonic() + 120
    while (ran := lab.run("lab", "doctor")).returncode:
        assert time.monotonic() < end, ran.stdout
        time.sleep(1)


def test_a_server_that_crashes_comes_back_by_itself(stack_lab):
    before = inspect(stack_lab, "mlflow")["RestartCount"]
    stack_lab.compose("exec", "--no-TTY", "mlflow", "python", "-c", CRASH)
    wait_until_well(stack_lab)
    assert inspect(stack_lab, "mlflow")["RestartCount"] == before + 1


@pytest.mark.parametrize(
    "order",
    [("trainer", "mlflow", "minio", "postgres"), ("minio", "trainer", "postgres", "mlflow")],
)
def test_a_stack_that_was_stopped_can_be_started_in_any_order(stack_lab, order):
    containers = stack_lab.compose("ps", "--quiet", *order).stdout.split()
    assert stack_lab.compose("stop", "--timeout", "5").returncode == 0
    assert len(containers) == 4
    for service in order:
        # Not Compose's own start, which would start what a service depends on first.
        container = stack_lab.compose("ps", "--all", "--quiet", service).stdout.strip()
        subprocess.run(["docker", "start", container], check=True, capture_output=True)
        time.sleep(3)
    wait_until_well(stack_lab)


def test_an_outage_that_is_over_does_not_fail_the_next_start(stack_lab):
    check = inspect(stack_lab, "trainer")["Config"]["Healthcheck"]["Test"][1:]
    assert "lab doctor" in check[-1]
    assert stack_lab.compose("stop", "mlflow").returncode == 0
    try:
        # When the engine's next check comes just then, the trainer must not be unhealthy for it.
        ran = stack_lab.compose("exec", "--no-TTY", "trainer", *check)
        assert ran.returncode == 0, ran.stdout
    finally:
        assert stack_lab.compose("up", "--wait").returncode == 0


@pytest.fixture
def small(tmp_path):
    """A stack whose MinIO has a disk of 100 MB."""
    override = tmp_path / "small.yml"
    override.write_text(
        'volumes: {minio: {driver_opts: {type: tmpfs, device: tmpfs, o: "size=100m,uid=10002"}}}'
    )
    files = {"COMPOSE_FILE": f"docker-compose.yml:{override}"}
    lab = Lab("stack", stack_settings("mlflow-model-lab-small") | files)
    delete(lab)
    try:
        started = lab.host("up")
        assert started.returncode == 0, started.stdout + started.stderr
        yield lab
    finally:
        delete(lab)


FILL = """
import os, requests
address = "http://mlflow:5000/api/2.0/mlflow-artifacts/artifacts/fill/"
size, number = 20_000_000, 0
while size > 100:
    answer = requests.put(f"{address}{number}", data=os.urandom(size))
    number, size = number + 1, size if answer.ok else size // 10
"""
LOG = """
import mlflow
from sklearn.linear_model import LogisticRegression
mlflow.set_experiment("full")
with mlflow.start_run():
    mlflow.sklearn.log_model(
        LogisticRegression().fit([[0.0], [1.0]], [0, 1]), name="model", pip_requirements=["scikit-learn"])
"""
STATES = """
import mlflow
[full] = mlflow.search_experiments(filter_string="name = 'full'")
print(mlflow.search_runs([full.experiment_id])["status"].tolist(),
    [m.status.value for m in mlflow.search_logged_models([full.experiment_id], output_format="list")])
"""
EMPTY = """
import requests
address = "http://mlflow:5000/api/2.0/mlflow-artifacts/artifacts"
for file in requests.get(address, params={"path": "fill"}).json()["files"]:
    requests.delete(f"{address}/fill/{file['path']}").raise_for_status()
"""


def test_a_store_without_room_is_said_to_be_full_and_works_again_once_there_is_room(small):
    assert small.run("python", "-c", FILL).returncode == 0
    # As a script: what a learner runs has one message, not a traceback.
    failed = small.run(
        "bash", "-c", f"cat > $LAB_OUTPUT/log.py <<'E'\n{LOG}\nE\npython $LAB_OUTPUT/log.py"
    )
    assert failed.returncode == 1
    assert "Traceback" not in failed.stderr
    assert "or full: `lab doctor` says which" in failed.stderr
    doctor = small.run("lab", "doctor")
    assert "has no room" in doctor.stdout
    assert "['FAILED'] ['FAILED']" in small.run("python", "-c", STATES).stdout
    emptied = small.run("python", "-c", EMPTY)
    assert emptied.returncode == 0, emptied.stderr
    again = small.run("python", "-c", LOG)
    assert again.returncode == 0, again.stderr
    assert small.run("lab", "doctor").returncode == 0
    assert "['FINISHED', 'FAILED'] ['READY', 'FAILED']" in small.run("python", "-c", STATES).stdout
