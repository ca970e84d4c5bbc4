"""Services that are killed, stopped, full, or at their limit, while thirty loggers are at work: nothing is lost."""

import json
import random
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from tests.support.containers import inspect, run_script, start_script
from tests.support.labs import Lab, assert_one_message, delete, stack_settings
from tests.support.loggers import Loggers

pytestmark = pytest.mark.stack


def at_work(lab: Lab) -> tuple[Loggers, str]:
    """Start thirty loggers; return them, and the name of their experiment."""
    experiment = f"load_{uuid4().hex[:8]}"
    return Loggers(lab, experiment, seconds=6, count=30), experiment


def outcome(lab: Lab, loggers: Loggers, experiment: str) -> tuple[list[dict], dict]:
    """Return what the loggers were told, and the states of runs and models, once each has been verified."""
    told = loggers.told()
    words = ["exec", "--no-TTY", "trainer", "python", "-m", "tests.inside.verify_load", experiment]
    ran = lab.compose(*words, typed=json.dumps(told))
    assert ran.returncode == 0, ran.stderr
    return told, json.loads(ran.stdout)


def assert_nothing_lost(told: list[dict], states: dict[str, dict[str, str]]) -> None:
    """Assert that each run ended well or its caller knows better, and that no more was left than what was in flight."""
    runs, models = states["runs"], states["models"]
    for logged in told:
        if "error" not in logged:
            ended = (runs[logged["run"]], models[logged["model"]])
            assert ended == ("FINISHED", "READY"), logged
    # What the server did when it could not tell any more: MLflow's client asks again, and a second row is made.
    known_runs, known_models = ({logged.get(kind) for logged in told} for kind in ("run", "model"))
    errors = [logged["error"] for logged in told if "error" in logged]
    strays = [run for run in runs if run not in known_runs]
    assert len(strays) <= 30, strays
    assert {runs[run] for run in strays} <= {"RUNNING"}
    unknown = [model for model, state in models.items() if model not in known_models]
    # Logged by a run that failed, whose caller knows that, or in flight.
    assert len(unknown) <= len(errors) + 30
    # An answer that breaks off in the middle is none that MLflow's client asks for again.
    assert len(errors) <= 5, Counter(errors)


@pytest.mark.parametrize("service", ["mlflow", "postgres", "minio"])
def test_nothing_is_lost_when_a_service_is_killed_under_load_and_comes_back(stack_lab, service):
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


def test_nothing_is_lost_when_postgres_is_at_its_connection_limit(stack_lab):
    with start_script(stack_lab, "mlflow", "hold_connections", "10") as holder:
        # However long it takes to open them all, the loggers find no connection left.
        assert "remaining connection slots are reserved" in holder.stdout.readline()
        loggers, experiment = at_work(stack_lab)
        assert_nothing_lost(*outcome(stack_lab, loggers, experiment))


def test_the_reader_s_account_cannot_take_the_server_s_connections(stack_lab):
    printed = stack_lab.script("reader_connections")
    assert "too many connections for role" in printed
    assert int(printed.split()[0]) <= 10


def wait_until_well(lab: Lab) -> None:
    """Wait until the lab's doctor has nothing to say, two minutes at most."""
    end = time.monotonic() + 120
    while (ran := lab.run("lab", "doctor")).returncode:
        assert time.monotonic() < end, ran.stdout
        time.sleep(1)


def test_a_server_that_crashes_comes_back_by_itself(stack_lab):
    before = inspect(stack_lab, "mlflow")["RestartCount"]
    # Every program: its container ends with it.
    run_script(stack_lab, "mlflow", "kill_processes", "")
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


def test_an_outage_does_not_make_the_trainer_unhealthy(stack_lab):
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


def test_a_full_store_is_reported_and_works_again_once_there_is_room(small):
    small.script("fill_store", "fill")
    # As a script: what a learner runs has one message, not a traceback.
    failed = small.run("python", "-m", "tests.inside.log_model", "full")
    assert failed.returncode == 1
    assert_one_message(failed, "or full. `lab doctor` says which")
    doctor = small.run("lab", "doctor")
    assert "its disk is full" in doctor.stdout
    assert "['FAILED'] ['FAILED']" in small.script("run_states", "full")
    small.script("fill_store", "empty")
    small.script("log_model", "full")
    assert small.run("lab", "doctor").returncode == 0
    assert "['FINISHED', 'FAILED'] ['READY', 'FAILED']" in small.script("run_states", "full")
