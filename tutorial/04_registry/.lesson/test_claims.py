"""What the README of lesson 04 says beyond what run.py asserts; test_promote.py has the examples."""

import os
import sqlite3
import warnings
from uuid import uuid4

import mlflow
import psycopg2
import pytest
import sklearn
from mlflow.exceptions import MlflowException
from mlflow.models import EvaluationResult, MetricThreshold, infer_signature, make_metric
from mlflow.models.evaluation.validation import ModelValidationFailedException
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

X, y = load_iris(as_frame=True, return_X_y=True)
MODEL = LogisticRegression(max_iter=500).fit(X, y)
PIP = [f"scikit-learn=={sklearn.__version__}"]
ACCURACY = make_metric(
    eval_fn=lambda predictions, targets: float((predictions == targets).mean()),
    greater_is_better=True,
    name="accuracy",
)


@pytest.fixture(scope="module", autouse=True)
def client():
    """Work in an experiment of our own, deleted afterwards."""
    mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
    experiment = mlflow.set_experiment(f"test-{uuid4().hex[:8]}")
    warnings.filterwarnings("ignore", "Hint: Inferred schema contains integer column")
    client = mlflow.MlflowClient()
    yield client
    client.delete_experiment(experiment.experiment_id)


def log():
    with mlflow.start_run():
        return mlflow.sklearn.log_model(
            MODEL, name="model", signature=infer_signature(X, y), pip_requirements=PIP
        )


@pytest.fixture(scope="module")
def info():
    """Log one model for all tests."""
    return log()


@pytest.fixture
def names(client):
    """Lend names of three registered models; the first exists, all are deleted afterwards."""
    names = [f"test-{uuid4().hex[:8]}" for _ in range(3)]
    client.create_registered_model(names[0])
    yield names
    for name in names:
        if client.search_registered_models(f"name = '{name}'"):
            client.delete_registered_model(name)


def register(client, name, info, **more):
    """Register a logged model, and return the version's number."""
    return client.create_model_version(
        name, info.model_uri, run_id=info.run_id, model_id=info.model_id, **more
    ).version


def in_stage(client, name, version, stage, archive=False):
    with pytest.warns(FutureWarning):
        client.transition_model_version_stage(name, version, stage, archive)


def means(uri):
    """Return the id of the logged model that an address leads to."""
    return mlflow.pyfunc.load_model(uri).metadata.model_id


def refusal(function, *arguments, **named):
    """Return what a call fails with."""
    with pytest.raises(MlflowException) as refused:
        function(*arguments, **named)
    return str(refused.value)


def rows(query, value):
    """Return what the database answers; `query` has one %s."""
    if file := os.environ.get("LAB_SQLITE_FILE"):
        connection, query = sqlite3.connect(file), query.replace("%s", "?")
    else:
        connection = psycopg2.connect("")
    cursor = connection.cursor()
    cursor.execute(query, (value,))
    fetched = cursor.fetchall()
    connection.close()
    return fetched


def result(**metrics):
    return EvaluationResult(metrics=metrics, artifacts={})


def gate(**limits):
    return {"accuracy": MetricThreshold(greater_is_better=True, **limits)}


def test_a_value_equal_to_the_threshold_passes():
    limits = gate(threshold=0.5, min_absolute_change=0.25)
    mlflow.validate_evaluation_results(limits, result(accuracy=0.5), result(accuracy=0.25))
    with pytest.raises(ModelValidationFailedException):
        mlflow.validate_evaluation_results(limits, result(accuracy=0.49), result(accuracy=0.2))


def test_every_threshold_that_failed_is_named():
    limits = gate(threshold=0.5, min_absolute_change=0.25)
    candidate, champion = result(accuracy=0.4), result(accuracy=0.3)
    message = refusal(mlflow.validate_evaluation_results, limits, candidate, champion)
    assert "value threshold check failed" in message
    assert "minimum absolute change check failed" in message


def test_without_a_champion_s_result_a_change_cannot_be_required():
    limits = gate(min_absolute_change=0.01)
    assert refusal(mlflow.validate_evaluation_results, limits, result(accuracy=1.0)) == (
        "Model comparison failed: metric accuracy was missing from the evaluation result of the "
        "baseline model."
    )


def test_a_required_change_of_zero_is_refused():
    message = refusal(gate, min_absolute_change=0)
    assert message.endswith("`min_absolute_change` parameter must be a positive number.")


def test_the_older_ways_to_evaluate_are_deprecated_or_gone():
    words = "^The `mlflow.evaluate` API has been deprecated as of MLflow 3.0.0."
    with pytest.warns(FutureWarning, match=words), pytest.raises(MlflowException):
        mlflow.evaluate(MODEL.predict, None, targets="species")
    words = "evaluate.. got an unexpected keyword argument 'validation_thresholds'"
    with pytest.raises(TypeError, match=words):
        mlflow.models.evaluate(MODEL.predict, None, validation_thresholds={})


def test_given_the_registry_s_address_evaluate_links_no_metric_and_given_the_model_it_does(
    client, names
):
    info = log()
    uri = f"models:/{names[0]}/{register(client, names[0], info)}"
    data = X.assign(species=y)
    linked = []
    for model in (uri, mlflow.pyfunc.load_model(uri)):
        with mlflow.start_run():
            measured = mlflow.models.evaluate(
                model, data, targets="species", extra_metrics=[ACCURACY]
            )
        assert measured.metrics["accuracy"] > 0.9
        linked.append({metric.key for metric in client.get_logged_model(info.model_id).metrics})
    assert linked == [set(), {"accuracy"}]


def test_a_classifier_gets_eight_metrics_four_plots_and_a_table(info):
    with mlflow.start_run():
        measured = mlflow.models.evaluate(
            info.model_uri,
            X.assign(species=y),
            targets="species",
            model_type="classifier",
            evaluators="classifier",
        )
    assert len(measured.metrics) == 8
    assert sorted(measured.artifacts) == [
        "calibration_curve_plot",
        "confusion_matrix",
        "per_class_metrics",
        "precision_recall_curve_plot",
        "roc_curve_plot",
    ]


def test_without_archiving_both_are_in_production_and_the_address_means_the_higher_number(
    client, names, info
):
    name, other_info = names[0], log()
    for logged, archive in ((info, False), (other_info, True)):
        in_stage(client, name, register(client, name, logged), "Production", archive)
    assert means(f"models:/{name}/Production") == other_info.model_id
    in_stage(client, name, "1", "Production")
    stages = {v.version: v.current_stage for v in client.search_model_versions(f"name='{name}'")}
    assert stages == {"1": "Production", "2": "Production"}
    assert means(f"models:/{name}/Production") == other_info.model_id
    in_stage(client, name, "1", "Production", archive=True)
    assert means(f"models:/{name}/Production") == info.model_id


def test_a_copy_has_tags_description_run_and_files_but_neither_alias_nor_stage_nor_later_tags(
    client, names, info
):
    name, copied, _ = names
    version = register(client, name, info, tags={"owner": "ana"}, description="Four columns.")
    client.set_registered_model_alias(name, "candidate", version)
    in_stage(client, name, version, "Staging")
    client.copy_model_version(f"models:/{name}@candidate", copied)
    client.set_model_version_tag(name, version, "later", "yes")
    copy = client.get_model_version(copied, "1")
    assert (copy.tags, copy.description) == ({"owner": "ana"}, "Four columns.")
    assert copy.run_id == info.run_id
    assert (copy.aliases, copy.current_stage) == ([], "None")
    files = client.get_model_version_download_uri(copied, "1")
    assert files == client.get_model_version_download_uri(name, version) == info.artifact_path


def test_a_copy_outlives_its_original_even_a_copy_of_a_copy(client, names, info):
    dev, qa, prod = names
    client.copy_model_version(f"models:/{dev}/{register(client, dev, info)}", qa)
    client.copy_model_version(f"models:/{qa}/1", prod)
    client.delete_model_version(dev, "1")
    client.delete_registered_model(qa)
    assert means(f"models:/{prod}/1") == info.model_id


def test_a_copy_creates_a_target_that_does_not_exist(client, names, info):
    version = register(client, names[0], info)
    client.copy_model_version(f"models:/{names[0]}/{version}", names[1])
    assert client.get_registered_model(names[1]).name == names[1]


def test_a_logged_model_cannot_be_copied(client, names, info):
    with pytest.raises(ValueError, match=r"not enough values to unpack \(expected 2, got 1\)"):
        client.copy_model_version(info.model_uri, names[1])


def test_aliases_and_stages_cannot_be_asked_for_and_there_is_no_or(client):
    for key in ("aliases", "current_stage"):
        message = refusal(client.search_model_versions, f"{key} = 'champion'")
        assert f"Invalid attribute key '{key}' specified." in message
    message = refusal(client.search_model_versions, "name = 'a' or name = 'b'")
    assert "Invalid clause(s) in filter string: or" in message


def test_what_a_search_finds_has_no_aliases(client, names, info):
    version = register(client, names[0], info)
    client.set_registered_model_alias(names[0], "champion", version)
    [match] = client.search_model_versions(f"name = '{names[0]}'")
    assert match.aliases == []
    assert client.get_model_version(names[0], version).aliases == ["champion"]
    assert client.get_registered_model(names[0]).aliases == {"champion": version}


def test_some_aliases_are_reserved(client, names, info):
    version = register(client, names[0], info)
    for alias, words in {
        "Latest": "'latest' alias name (case insensitive) is reserved.",
        "v1": "Version alias name 'v1' is reserved.",
    }.items():
        message = refusal(client.set_registered_model_alias, names[0], alias, version)
        assert message == f"INVALID_PARAMETER_VALUE: {words}"


def test_of_a_deleted_version_an_emptied_row_stays_and_its_number_is_not_given_again(
    client, names, info
):
    name = names[0]
    register(client, name, info)
    client.set_registered_model_alias(name, "champion", "1")
    client.delete_model_version(name, "1")
    assert client.get_registered_model(name).aliases == {}
    [(stage, source, run_id)] = rows(
        "SELECT current_stage, source, run_id FROM model_versions WHERE name = %s", name
    )
    assert stage == "Deleted_Internal"
    assert info.model_id not in source
    assert run_id != info.run_id
    assert register(client, name, info) == "2"


def test_of_a_deleted_registered_model_no_row_stays_and_numbers_begin_again(client, names, info):
    name = names[0]
    for _ in range(2):
        register(client, name, info)
    client.delete_registered_model(name)
    for table in ("registered_models", "model_versions"):
        assert rows(f"SELECT name FROM {table} WHERE name = %s", name) == []
    client.create_registered_model(name)
    assert register(client, name, info) == "1"


def test_a_deleted_logged_model_is_gone_under_its_id_and_loads_through_its_version(client, names):
    info = log()
    uri = f"models:/{names[0]}/{register(client, names[0], info)}"
    client.delete_logged_model(info.model_id)
    message = refusal(mlflow.pyfunc.load_model, info.model_uri)
    assert f"Logged model with ID '{info.model_id}' not found" in message
    assert means(uri) == info.model_id
    query = "SELECT lifecycle_stage FROM logged_models WHERE model_id = %s"
    assert rows(query, info.model_id) == [("deleted",)]
