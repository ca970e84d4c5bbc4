"""What the lessons' checks share, where no exercise's answer gets to it."""

import subprocess
import sys
from types import SimpleNamespace
from unittest.mock import Mock

import mlflow
import pytest
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST
from sklearn.datasets import load_iris

from lab.checks.flowers import COLUMNS, clear_flowers
from lab.checks.model import error_message, error_with_type
from lab.checks.registry import (
    Champion,
    download,
    latest_champion,
    server_is_away,
    stop_if_a_later_run_failed,
)

RUN_IT = "python tutorial/04_new/exercise.py"


def version(number: str, creation_timestamp: int = 0) -> SimpleNamespace:
    return SimpleNamespace(name="iris_new", version=number, creation_timestamp=creation_timestamp)


def client_with_model(versions=(), **aliases) -> Mock:
    registered = SimpleNamespace(aliases=aliases, latest_versions=versions)
    return Mock(**{"search_registered_models.return_value": [registered]})


def client_with_failed_run(start_time: int | None) -> Mock:
    info = SimpleNamespace(run_name="calm-fish-7", start_time=start_time)
    runs = [SimpleNamespace(info=info)] if start_time else []
    return Mock(**{"search_runs.return_value": runs})


def test_version_10_is_later_than_version_9():
    client = client_with_model([version("9"), version("10")], champion="10")
    champion = latest_champion(client, "iris_new", RUN_IT)
    assert str(champion) == "models:/iris_new@champion (version 10)"


def test_a_champion_that_is_not_the_latest_version_stops_the_check():
    client = client_with_model([version("9"), version("10")], champion="9")
    with pytest.raises(SystemExit, match="is on version 9, expected on version 10, the latest of"):
        latest_champion(client, "iris_new", RUN_IT)


def test_a_model_without_a_version_stops_the_check():
    with pytest.raises(SystemExit, match=f"no version of iris_new. Run your .* first: {RUN_IT}"):
        latest_champion(client_with_model(), "iris_new", RUN_IT)


def test_a_run_that_failed_after_the_version_was_registered_stops_the_check():
    client = client_with_failed_run(200)
    with pytest.raises(SystemExit, match="calm-fish-7, failed; version 3 is older"):
        stop_if_a_later_run_failed(client, "new", version("3", 100), RUN_IT)


@pytest.mark.parametrize("start_time", [None, 50])
def test_a_run_that_failed_before_does_not_and_neither_does_none(start_time):
    stop_if_a_later_run_failed(client_with_failed_run(start_time), "new", version("3", 100), RUN_IT)


def test_a_model_that_is_gone_stops_the_check_and_a_server_that_is_away_raises(monkeypatch):
    gone = MlflowException("no such alias", error_code=RESOURCE_DOES_NOT_EXIST)
    away = MlflowException("API request to http://127.0.0.1:9 failed")
    monkeypatch.setattr(mlflow.artifacts, "download_artifacts", Mock(side_effect=[gone, away]))
    champion = Champion(version("3"))
    with pytest.raises(SystemExit, match=r"\(version 3\) was there a moment ago and is gone"):
        download(champion, "folder", RUN_IT)
    with pytest.raises(MlflowException) as raised:
        download(champion, "folder", RUN_IT)
    assert server_is_away(raised.value)
    assert not server_is_away(gone)


def test_of_an_error_within_an_error_the_innermost_message_counts():
    error = RuntimeError("Failed to enforce schema. Error: Model is missing\ninputs ['petal']")
    assert error_message(error) == "Model is missing inputs ['petal']"
    assert error_with_type(error) == "RuntimeError: Model is missing inputs ['petal']"


def test_clear_flowers_are_of_each_species_and_in_no_data_set():
    rows, names = clear_flowers(4)
    iris, species = load_iris(as_frame=True, return_X_y=True)
    species = species.map(dict(enumerate(load_iris().target_names)))
    assert list(rows.columns) == list(iris.columns) == COLUMNS
    assert rows.merge(iris).empty
    centers = iris.groupby(species).mean()
    nearest = [((centers - row) ** 2).sum(axis=1).idxmin() for _, row in rows.iterrows()]
    assert nearest == names == ["setosa"] * 4 + ["versicolor"] * 4 + ["virginica"] * 4
    assert clear_flowers(1)[1] == ["setosa", "versicolor", "virginica"]


def test_the_lab_command_starts_without_mlflow():
    code = "import sys, lab.cli; sys.exit('mlflow' in sys.modules or 'pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
