"""What lesson 02 and its reference say about MLflow, beyond what their samples of output show."""

import inspect
import logging
import os
import re
import subprocess
import warnings
from pathlib import Path
from uuid import uuid4

import matplotlib.pyplot as plt
import mlflow
import pandas as pd
import pytest
import sklearn
from mlflow.models import infer_signature
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
    """Set an experiment for these tests only, which is deleted afterwards."""
    mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
    experiment = mlflow.set_experiment(f"test-{uuid4().hex[:8]}")
    client = mlflow.MlflowClient()
    yield client
    client.delete_experiment(experiment.experiment_id)


@pytest.fixture
def registered_name(client):
    """A name for a registered model, which is deleted afterwards."""
    name = f"test-{uuid4().hex[:8]}"
    yield name
    client.delete_registered_model(name)


@pytest.fixture(scope="module")
def data():
    """A small data set of floats, because MLflow warns about whole numbers."""
    return mlflow.data.from_pandas(pd.DataFrame({"x": [1.0, 2.0]}), name="small")


def log(name="model", **arguments):
    return mlflow.sklearn.log_model(MODEL, name=name, pip_requirements=PIP, **arguments)


def metrics_of(info):
    return {metric.key: metric for metric in mlflow.get_logged_model(info.model_id).metrics or []}


def test_the_table_of_arguments_is_right():
    save = inspect.signature(mlflow.sklearn.save_model).parameters
    log_ = inspect.signature(mlflow.sklearn.log_model).parameters
    reference = (HERE / "REFERENCE.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| Arguments of (only one|both) \|(.*)\|$", reference, re.MULTILINE))
    only_save, only_log = (
        set(re.findall(r"`(\w+)`", cell)) for cell in rows["only one"].split("|")
    )
    both = set(re.findall(r"`(\w+)`", rows["both"]))
    assert only_save == set(save) - set(log_)
    assert only_log == set(log_) - set(save) - {"kwargs"}
    assert both == set(save) & set(log_)
    assert all(save[name].default == log_[name].default for name in both)


def test_save_model_returns_nothing(tmp_path):
    assert mlflow.sklearn.save_model(MODEL, tmp_path / "model", pip_requirements=PIP) is None


def test_log_model_outside_of_a_run_starts_no_run():
    info = log()
    assert mlflow.active_run() is None
    assert info.run_id is None
    assert not mlflow.get_logged_model(info.model_id).source_run_id


def test_a_model_is_not_among_the_artifacts_of_its_run(client):
    with mlflow.start_run() as run:
        mlflow.log_text("hello", "note.txt")
        info = log()
    assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["note.txt"]
    location = mlflow.get_logged_model(info.model_id).artifact_location
    assert f"/models/{info.model_id}/" in location
    assert run.info.run_id not in location


def test_the_files_of_a_model_are_listed_if_you_ask_for_its_name(client):
    with mlflow.start_run() as run:
        log()
    files = [file.path for file in client.list_artifacts(run.info.run_id, "model")]
    assert "model/MLmodel" in files


def test_a_model_that_is_logged_in_a_reopened_run_gets_its_parameters_and_metrics():
    with mlflow.start_run() as run:
        mlflow.log_param("C", 1.0)
        mlflow.log_metric("some", 0.5)
    with mlflow.start_run(run_id=run.info.run_id):
        info = log()
    assert info.model_uri == f"models:/{info.model_id}"
    assert mlflow.get_logged_model(info.model_id).params == {"C": "1.0"}
    assert metrics_of(info)["some"].value == 0.5


def test_an_error_in_the_with_block_ends_the_run_as_failed(client):
    with pytest.raises(RuntimeError), mlflow.start_run() as run:
        raise RuntimeError
    assert client.get_run(run.info.run_id).info.status == "FAILED"


def test_search_runs_returns_a_table_sorted_by_a_metric_and_search_logged_models_a_list(client):
    experiment = client.get_run(scored_run(0.1).info.run_id).info.experiment_id
    scored_run(0.9)
    table = mlflow.search_runs([experiment], "metrics.score > 0", order_by=["metrics.score DESC"])
    assert table["metrics.score"].tolist() == [0.9, 0.1]
    assert {"run_id", "params.score", "tags.mlflow.runName"} <= set(table.columns)
    by_score = [{"field_name": "metrics.score", "ascending": False}]
    models = mlflow.search_logged_models(
        [experiment], order_by=by_score, max_results=2, output_format="list"
    )
    assert [model.params for model in models] == [{"score": "0.9"}, {"score": "0.1"}]
    table = mlflow.search_logged_models([experiment], order_by=by_score, max_results=2)
    assert table["model_id"].tolist() == [model.model_id for model in models]


def scored_run(score):
    with mlflow.start_run() as run:
        mlflow.log_param("score", score)
        mlflow.log_metric("score", score)
        log()
    return run


def test_search_logged_models_finds_the_newest_first_among_equally_good_ones(client):
    infos = []
    for _ in range(3):
        with mlflow.start_run() as run:
            mlflow.log_metric("equal", 0.5)
            infos.append(log())
    found = mlflow.search_logged_models(
        [run.info.experiment_id],
        order_by=[{"field_name": "metrics.equal", "ascending": False}],
        max_results=3,
        output_format="list",
    )
    assert [model.model_id for model in found] == [info.model_id for info in reversed(infos)]


def test_search_logged_models_takes_ids_of_experiments_and_no_names():
    parameters = inspect.signature(mlflow.search_logged_models).parameters
    assert "experiment_ids" in parameters and "experiment_names" not in parameters
    assert "experiment_names" in inspect.signature(mlflow.search_runs).parameters


def test_to_register_by_the_run_prints_a_warning_and_registers_the_same_model(
    client, registered_name, caplog, capsys
):
    with mlflow.start_run() as run:
        info = log()
    logger = logging.getLogger("mlflow")
    logger.addHandler(caplog.handler)
    try:
        version = mlflow.register_model(f"runs:/{run.info.run_id}/model", registered_name)
        [warning] = caplog.messages
        other = mlflow.register_model(info.model_uri, registered_name)
    finally:
        logger.removeHandler(caplog.handler)
    assert warning == (
        f"Run with id {run.info.run_id} has no artifacts at artifact path 'model', "
        f"registering model based on models:/{info.model_id} instead"
    )
    assert caplog.messages == [warning]
    assert version.source == other.source == info.model_uri
    assert capsys.readouterr().err.splitlines()[-3:] == [
        f"Created version '1' of model '{registered_name}'.",
        f"Registered model '{registered_name}' already exists. Creating a new version of this model...",
        f"Created version '2' of model '{registered_name}'.",
    ]


def test_the_client_logs_a_figure_to_a_run_that_has_ended(client):
    with mlflow.start_run() as run:
        pass
    client.log_figure(run.info.run_id, plt.figure(), "empty.png")
    assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["empty.png"]


def test_log_figure_starts_a_run_if_none_is_active(client):
    assert mlflow.active_run() is None
    mlflow.log_figure(plt.figure(), "empty.png")
    run = mlflow.active_run()
    mlflow.end_run()
    assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["empty.png"]


def test_the_confusion_matrix_shows_one_virginica_taken_for_a_versicolor():
    x_train, x_test, y_train, y_test = train_test_split(
        X, y, test_size=0.3, random_state=7, stratify=y
    )
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(x_train, y_train)
    matrix = confusion_matrix(y_test, model.predict(x_test))
    assert matrix.tolist() == [[15, 0, 0], [0, 15, 0], [0, 1, 14]]


def test_c_is_1_if_you_do_not_set_it():
    assert LogisticRegression().C == 1.0


def test_the_model_gets_only_the_parameters_that_were_logged_before_it():
    with mlflow.start_run():
        mlflow.log_param("before", 1)
        info = log()
        mlflow.log_param("after", 1)
    assert mlflow.get_logged_model(info.model_id).params == {"before": "1"}


def test_the_model_gets_a_metric_of_its_own_step_or_with_its_id():
    with mlflow.start_run():
        mlflow.log_metric("before", 1)
        info = log()
        mlflow.log_metric("same_step", 1)
        mlflow.log_metric("other_step", 1, step=3)
        mlflow.log_metric("other_step_with_id", 1, step=3, model_id=info.model_id)
    assert set(metrics_of(info)) == {"before", "same_step", "other_step_with_id"}


def test_the_first_of_two_models_gets_a_metric_without_model_id():
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
def test_a_version_is_ready_at_once_whatever_the_waiting_time(client, registered_name, seconds):
    info = log(registered_model_name=registered_name, await_registration_for=seconds)
    assert (
        client.get_model_version(registered_name, info.registered_model_version).status == "READY"
    )


def test_each_call_creates_a_new_version_which_has_only_an_address(client, registered_name):
    first = log(registered_model_name=registered_name)
    second = log(registered_model_name=registered_name)
    assert (first.registered_model_version, second.registered_model_version) == ("1", "2")
    assert client.get_model_version(registered_name, 2).source == second.model_uri
    location = mlflow.get_logged_model(second.model_id).artifact_location
    assert client.get_model_version_download_uri(registered_name, 2) == location
    assert mlflow.models.get_model_info(f"models:/{registered_name}/2").model_id == second.model_id


def test_signature_false_beside_an_input_example_means_no_signature():
    assert log(input_example=X.head(2), signature=False).signature is None


def test_artifact_path_is_the_old_word_for_name(caplog):
    logger = logging.getLogger("mlflow")
    logger.addHandler(caplog.handler)
    try:
        info = mlflow.sklearn.log_model(MODEL, artifact_path="older", pip_requirements=PIP)
    finally:
        logger.removeHandler(caplog.handler)
    assert caplog.messages == ["`artifact_path` is deprecated. Please use `name` instead."]
    assert mlflow.get_logged_model(info.model_id).name == "older"


@pytest.mark.parametrize(("labels", "warns"), [(y, True), (y.map({0: "a", 1: "b", 2: "c"}), False)])
def test_an_integer_output_gives_a_hint_and_a_text_output_does_not(labels, warns):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        infer_signature(X, labels)
    found = [str(warning.message) for warning in caught]
    assert (
        any("Hint: Inferred schema contains integer column(s)." in text for text in found) == warns
    )


@pytest.mark.parametrize("argument", ["name", "artifact_path"])
def test_a_name_is_not_a_path(argument):
    message = (
        "Invalid model name ('models/iris') provided. Model name must be a non-empty string and "
        "cannot contain the following characters: ('/', ':', '.', '%', '\"', \"'\")"
    )
    with pytest.raises(mlflow.MlflowException, match=re.escape(message)):
        mlflow.sklearn.log_model(MODEL, pip_requirements=PIP, **{argument: "models/iris"})


def look(python, uri):
    return subprocess.run(
        [*python, EXAMPLE],
        env={**os.environ, "MODEL_URI": uri},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("uri", ["nonsense", "models:/no-such-model/1"])
def test_the_example_explains_a_wrong_model_uri_in_one_line(python, uri):
    looked = look(python, uri)
    assert (looked.returncode, looked.stdout) == (1, "")
    assert re.fullmatch(f"MODEL_URI={uri}.+\n", looked.stderr)


def test_the_example_takes_a_model_that_was_logged_outside_of_a_run(python):
    info = log()
    looked = look(python, info.model_uri)
    assert looked.returncode == 0, looked.stderr
    assert looked.stdout.startswith(f"Model {info.model_id}\nRun none: ")


def test_the_example_finds_a_model_by_its_run(client, python):
    with mlflow.start_run() as run:
        info = log()
    looked = look(python, f"runs:/{run.info.run_id}/model")
    assert looked.returncode == 0, looked.stderr
    assert looked.stdout.startswith(f"Model {info.model_id}\nRun {run.info.run_id}\n")


def test_the_second_of_two_scripts_that_create_an_experiment_at_once_does_not_get_it(
    client, monkeypatch
):
    name = f"test-{uuid4().hex[:8]}"
    before = mlflow.tracking.fluent._get_experiment_id()
    look = mlflow.tracking._tracking_service.client.TrackingServiceClient.get_experiment_by_name
    looks = []

    def look_too_early(self, name):
        looks.append(name)
        if len(looks) > 1:
            return look(self, name)
        # The other script creates it just after this script has looked for it.
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
