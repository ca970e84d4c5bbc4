"""What the README of lesson 02 says beyond what run.py asserts."""

import inspect
import os
import re
import subprocess
from pathlib import Path
from uuid import uuid4

import matplotlib.pyplot as plt
import mlflow
import pandas as pd
import pytest
import sklearn
from sklearn.calibration import calibration_curve
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.inside.python_fixture import python as python

HERE = Path(__file__).parents[1]
EXAMPLE = HERE.parents[1] / "examples" / "02_log" / "behind_the_curtain.py"
X, y = load_iris(as_frame=True, return_X_y=True)
MODEL = LogisticRegression(max_iter=1000).fit(X, y)
PIP = [f"scikit-learn=={sklearn.__version__}"]


@pytest.fixture(scope="module", autouse=True)
def client():
    """Work in an experiment of our own, deleted afterwards."""
    mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
    experiment = mlflow.set_experiment(f"test-{uuid4().hex[:8]}")
    client = mlflow.MlflowClient()
    yield client
    client.delete_experiment(experiment.experiment_id)


@pytest.fixture
def registered_name(client):
    """Lend a name for a registered model, deleted afterwards."""
    name = f"test-{uuid4().hex[:8]}"
    yield name
    client.delete_registered_model(name)


@pytest.fixture(scope="module")
def data():
    """Make a small data set, of floats only because whole numbers bring a warning."""
    return mlflow.data.from_pandas(pd.DataFrame({"x": [1.0, 2.0]}), name="small")


def log(name="model", **arguments):
    return mlflow.sklearn.log_model(MODEL, name=name, pip_requirements=PIP, **arguments)


def metrics_of(info):
    return {metric.key: metric for metric in mlflow.get_logged_model(info.model_id).metrics or []}


def test_the_table_of_arguments_is_right():
    save = inspect.signature(mlflow.sklearn.save_model).parameters
    log_ = inspect.signature(mlflow.sklearn.log_model).parameters
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (Only it takes|Both take) \|(.*)\|$", readme, re.MULTILINE))
    only_save, only_log = (
        set(re.findall(r"`(\w+)`", cell)) for cell in rows["Only it takes"].split("|")
    )
    both = set(re.findall(r"`(\w+)`", rows["Both take"]))
    assert only_save == set(save) - set(log_)
    assert only_log == set(log_) - set(save) - {"kwargs"}
    assert both == set(save) & set(log_)
    assert all(save[name].default == log_[name].default for name in both)


def test_save_model_returns_nothing(tmp_path):
    assert mlflow.sklearn.save_model(MODEL, tmp_path / "model", pip_requirements=PIP) is None


def test_outside_of_a_run_log_model_starts_none_and_the_model_has_none():
    info = log()
    assert mlflow.active_run() is None
    assert info.run_id is None
    assert not mlflow.get_logged_model(info.model_id).source_run_id


def test_the_runs_own_artifacts_are_listed_without_the_model(client):
    with mlflow.start_run() as run:
        mlflow.log_text("hello", "note.txt")
        log()
    assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["note.txt"]


def test_a_figure_is_logged_after_the_run_s_end_too(client):
    with mlflow.start_run() as run:
        pass
    client.log_figure(run.info.run_id, plt.figure(), "empty.png")
    assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["empty.png"]


def test_the_pictures_say_what_the_readme_reads_in_them():
    x_train, x_test, y_train, y_test = train_test_split(
        X, y, test_size=0.3, random_state=7, stratify=y
    )
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(x_train, y_train)
    matrix = confusion_matrix(y_test, model.predict(x_test))
    assert matrix.tolist() == [[15, 0, 0], [0, 15, 0], [0, 1, 14]]
    virginica = model.predict_proba(x_test)[:, 2]
    shares, given = calibration_curve(y_test == 2, virginica, n_bins=4)
    assert (shares[2], round(given[2], 2)) == (1.0, 0.66)


def test_the_model_gets_the_parameters_logged_before_it_only():
    with mlflow.start_run():
        mlflow.log_param("before", 1)
        info = log()
        mlflow.log_param("after", 1)
    assert mlflow.get_logged_model(info.model_id).params == {"before": "1"}


def test_a_metric_reaches_the_model_by_its_step_or_by_the_models_id():
    with mlflow.start_run():
        mlflow.log_metric("before", 1)
        info = log()
        mlflow.log_metric("same_step", 1)
        mlflow.log_metric("other_step", 1, step=3)
        mlflow.log_metric("other_step_with_id", 1, step=3, model_id=info.model_id)
    assert set(metrics_of(info)) == {"before", "same_step", "other_step_with_id"}


def test_of_two_models_the_first_gets_a_metric_without_model_id():
    with mlflow.start_run():
        first, second = log("first"), log("second")
        mlflow.log_metric("some", 1)
    assert set(metrics_of(first)) == {"some"}
    assert not metrics_of(second)


def test_log_input_does_not_tie_the_data_set_to_the_model(data):
    with mlflow.start_run():
        mlflow.log_input(data)
        info = log()
        mlflow.log_metric("some", 1)
    assert metrics_of(info)["some"].dataset_name is None


def test_a_metric_logged_before_the_model_is_copied_without_its_data_set(data):
    with mlflow.start_run():
        mlflow.log_metric("some", 1, dataset=data)
        info = log()
    assert metrics_of(info)["some"].dataset_name is None


def test_log_metric_makes_its_data_set_an_input_of_the_run_without_context(client, data):
    with mlflow.start_run() as run:
        mlflow.log_metric("some", 1, dataset=data)
    (used,) = client.get_run(run.info.run_id).inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.digest, used.tags) == ("small", data.digest, [])


@pytest.mark.parametrize("seconds", [300, 0, None])
def test_a_version_is_ready_at_once_however_long_one_would_wait(client, registered_name, seconds):
    info = log(registered_model_name=registered_name, await_registration_for=seconds)
    assert (
        client.get_model_version(registered_name, info.registered_model_version).status == "READY"
    )


def test_each_call_makes_a_new_version_that_holds_only_an_address(client, registered_name):
    first = log(registered_model_name=registered_name)
    second = log(registered_model_name=registered_name)
    assert (first.registered_model_version, second.registered_model_version) == ("1", "2")
    assert client.get_model_version(registered_name, 2).source == second.model_uri
    location = mlflow.get_logged_model(second.model_id).artifact_location
    assert client.get_model_version_download_uri(registered_name, 2) == location
    assert mlflow.models.get_model_info(f"models:/{registered_name}/2").model_id == second.model_id


def test_signature_false_beside_an_input_example_means_no_signature():
    assert log(input_example=X.head(2), signature=False).signature is None


@pytest.mark.parametrize("argument", ["name", "artifact_path"])
def test_a_name_is_not_a_path(argument):
    message = (
        "Invalid model name ('models/iris') provided. Model name must be a non-empty string and "
        "cannot contain the following characters: ('/', ':', '.', '%', '\"', \"'\")"
    )
    with pytest.raises(mlflow.MlflowException, match=re.escape(message)):
        mlflow.sklearn.log_model(MODEL, pip_requirements=PIP, **{argument: "models/iris"})


def test_a_run_without_a_model_of_that_name_says_so():
    with mlflow.start_run() as run:
        log("other")
    message = (
        "Failed to download artifacts from path 'model', please ensure that the path is correct."
    )
    with pytest.raises(mlflow.MlflowException, match=message):
        mlflow.sklearn.load_model(f"runs:/{run.info.run_id}/model")


def test_a_registered_name_without_a_version_is_read_as_the_id_of_a_logged_model():
    with pytest.raises(mlflow.MlflowException, match="Logged model with ID 'iris_log' not found"):
        mlflow.sklearn.load_model("models:/iris_log")


def look(python, uri):
    return subprocess.run(
        [*python, EXAMPLE],
        env={**os.environ, "MODEL_URI": uri},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("uri", ["nonsense", "models:/no-such-model/1"])
def test_the_example_answers_a_wrong_model_uri_in_one_line(python, uri):
    looked = look(python, uri)
    assert (looked.returncode, looked.stdout) == (1, "")
    assert re.fullmatch(f"MODEL_URI={uri}.+\n", looked.stderr)


def test_the_example_takes_a_model_that_was_logged_outside_of_a_run(python):
    info = log()
    looked = look(python, info.model_uri)
    assert looked.returncode == 0, looked.stderr
    assert looked.stdout.startswith(f"Model {info.model_id}\nRun none")


def test_the_example_finds_a_model_by_its_run(client, python):
    with mlflow.start_run() as run:
        info = log()
    looked = look(python, f"runs:/{run.info.run_id}/model")
    assert looked.returncode == 0, looked.stderr
    assert looked.stdout.startswith(f"Model {info.model_id}\nRun {run.info.run_id}\n")


def test_of_two_who_make_an_experiment_at_once_the_second_does_not_get_it(client, monkeypatch):
    name = f"test-{uuid4().hex[:8]}"
    before = mlflow.tracking.fluent._get_experiment_id()
    look = mlflow.tracking._tracking_service.client.TrackingServiceClient.get_experiment_by_name
    looks = []

    def look_too_early(self, name):
        looks.append(name)
        if len(looks) > 1:
            return look(self, name)
        # The other one makes it just after this one has looked.
        return client.create_experiment(name) and None

    monkeypatch.setattr(
        mlflow.tracking._tracking_service.client.TrackingServiceClient,
        "get_experiment_by_name",
        look_too_early,
    )
    made = mlflow.set_experiment(name)
    assert made.name == name
    assert mlflow.tracking.fluent._get_experiment_id() == before != made.experiment_id
    client.delete_experiment(made.experiment_id)
