"""lab reset and the sandbox find what there is on every page of MLflow's searches, not on the first only."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import mlflow
import pytest

from lab import reset
from tests.inside import sandbox

LESSON = SimpleNamespace(name="02_log")
COUNT = 5


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with MLflow's tables, which take seconds to make."""
    file = tmp_path_factory.mktemp("empty") / "mlflow.db"
    mlflow.MlflowClient(f"sqlite:///{file}").search_experiments()
    return file


@pytest.fixture
def client(
    empty_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[mlflow.MlflowClient]:
    """A client of an empty database, where a page has two results."""
    monkeypatch.setattr(reset, "PAGE_SIZE", 2)
    monkeypatch.setenv("LAB_OUTPUT", str(tmp_path / "output"))
    shutil.copy(empty_database, tmp_path / "mlflow.db")
    previous_uri = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'mlflow.db'}")
    yield mlflow.MlflowClient()
    mlflow.set_tracking_uri(previous_uri)


def make_runs(client: mlflow.MlflowClient, experiment: str, folder: Path, model: str) -> None:
    """Make runs in a new experiment, and a version of a registered model from each; {} in its name counts up."""
    experiment_id = client.create_experiment(experiment, artifact_location=folder.as_uri())
    for number in range(COUNT):
        run = client.create_run(experiment_id)
        name = model.format(number)
        if not client.search_registered_models(f"name = '{name}'"):
            client.create_registered_model(name)
        client.create_model_version(name, f"{run.info.artifact_uri}/model", run.info.run_id)


def test_reset_finds_the_runs_models_and_versions_of_every_page(client, tmp_path):
    make_runs(client, "02_log", tmp_path, "iris_{}")
    make_runs(client, "02_log_exercise", tmp_path, "iris_shared")
    make_runs(client, "elsewhere", tmp_path, "iris_shared")
    left = reset.find(LESSON)
    assert len(left.runs) == 2 * COUNT
    assert sorted(left.registered_models) == [f"iris_{number}" for number in range(COUNT)]
    versions = {(name, int(version)) for name, version in left.versions_of_shared_models}
    assert versions == {("iris_shared", number + 1) for number in range(COUNT)}


def test_a_model_whose_versions_fill_several_pages_is_the_lesson_s_only_if_all_of_them_are(
    client, tmp_path
):
    make_runs(client, "elsewhere", tmp_path, "iris_shared")
    make_runs(client, "02_log", tmp_path, "iris_shared")
    assert reset.find(LESSON).registered_models == []


def test_the_sandbox_deletes_the_models_and_experiments_of_every_page(
    client, tmp_path, monkeypatch
):
    deleted = []
    # No server keeps artifacts here.
    monkeypatch.setattr(sandbox, "delete_artifacts", deleted.append)
    for number in range(COUNT):
        make_runs(client, f"smoke_a_{number}", tmp_path / str(number), f"smoke_a_{number}")
    make_runs(client, "02_log", tmp_path, "iris_log")
    sandbox.remove_everything("smoke_a")
    assert [model.name for model in client.search_registered_models()] == ["iris_log"]
    names = {experiment.name for experiment in client.search_experiments()}
    assert names == {"Default", "02_log"}
    assert len(set(deleted)) == COUNT
