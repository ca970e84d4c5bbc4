"""Is this lab well? Run inside it: docker compose exec trainer pytest tests/smoke"""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import mlflow
import psycopg2
import pytest
from sklearn.linear_model import LogisticRegression

from lab import doctor
from lab.lessons import LEFT_OUT, Lesson, lab_root, lessons
from tests.inside.free_servers import servers_at_free_ports
from tests.inside.sandbox import what_is_missing
from tests.inside.stored import stored
from tests.inside.warm_python import WarmPython

STACK = os.environ.get("LAB_MODE") == "stack"
SCRIPTS = [(le, str(script)) for le in lessons(lab_root()) for script in le.scripts]


def test_doctor_finds_nothing_wrong():
    assert [row for row in doctor.examine() if not row.ok] == []


def rows(query: str, value: str) -> list[tuple]:
    """Return what the database answers; `query` has one %s."""
    connection = psycopg2.connect("") if STACK else sqlite3.connect(os.environ["LAB_SQLITE_FILE"])
    cursor = connection.cursor()
    cursor.execute(query if STACK else query.replace("%s", "?"), (value,))
    answer = cursor.fetchall()
    connection.close()
    return answer


def test_a_model_makes_the_round_trip_and_its_rows_and_objects_are_found(sandbox):
    mlflow.set_experiment(f"{sandbox.prefix}_round_trip")
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    with mlflow.start_run() as run:
        info = mlflow.sklearn.log_model(model, name="model", pip_requirements=["scikit-learn"])
    assert mlflow.sklearn.load_model(info.model_uri).predict([[0.0], [1.0]]).tolist() == [0, 1]

    experiment = run.info.experiment_id
    query = "SELECT experiment_id, source_run_id, artifact_location FROM logged_models WHERE model_id = %s"
    [(experiment_id, run_id, location)] = rows(query, info.model_id)
    assert (str(experiment_id), run_id) == (experiment, run.info.run_id)

    below = f"{experiment}/models/{info.model_id}/artifacts"
    assert location == f"mlflow-artifacts:/{below}"
    objects = stored(below)
    assert {f"{below}/MLmodel", f"{below}/model.skops"} <= set(objects)
    assert all(size for size, _ in objects.values())


@pytest.fixture(scope="module")
def python() -> Iterator[WarmPython]:
    """A Python that imports MLflow once for all scripts."""
    python = WarmPython()
    yield python
    python.close()


@pytest.mark.parametrize(("lesson", "script"), SCRIPTS, ids=[script for _, script in SCRIPTS])
def test_script_runs_or_says_which_command_brings_what_it_lacks(
    lesson, script, sandbox, python, monkeypatch
):
    monkeypatch.setenv("LAB_OUTPUT", str(sandbox.folder / "output"))
    top, folder, name = Path(script).parts
    name_of_copy = f"{sandbox.prefix}_{folder}"
    copy = Lesson(sandbox.folder, sandbox.folder / "tutorial" / f"{sandbox.prefix}_{lesson.name}")
    ran = what_is_missing(copy, python)
    if ran is None:
        with servers_at_free_ports(copy):
            ran = python.run(Path(top, name_of_copy, name), sandbox.folder)
    if ran.returncode == LEFT_OUT and lesson.profile:
        assert f"make lesson-{lesson.number}" in ran.stderr
    else:
        assert ran.returncode == 0, ran.stdout + ran.stderr
