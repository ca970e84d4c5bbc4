"""What the page and REFERENCE.md of lesson 04 claim beyond the output that they show.

The tests of promote.py and rollback.py are in examples/04_registry/test_promote.py.
"""

import os
import sqlite3
import subprocess
import sys
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

IRIS = load_iris(as_frame=True)
X, y = IRIS.data, IRIS.target.map(dict(enumerate(IRIS.target_names)))
MODEL = LogisticRegression(max_iter=500).fit(X, y)
PIP = [f"scikit-learn=={sklearn.__version__}"]
ACCURACY = make_metric(
    eval_fn=lambda predictions, targets: float((predictions == targets).mean()),
    greater_is_better=True,
    name="accuracy",
)


@pytest.fixture(scope="module", autouse=True)
def client():
    """Create an experiment for these tests, and delete it afterwards."""
    mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
    experiment = mlflow.set_experiment(f"test-{uuid4().hex[:8]}")
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
    """Return the names of three registered models. Create the first one, and delete all of them afterwards."""
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


def model_id_of(uri):
    """Return the id of the logged model that an address loads."""
    return mlflow.pyfunc.load_model(uri).metadata.model_id


def error_message(function, *arguments, **named):
    """Return the message of the MlflowException that a call raises."""
    with pytest.raises(MlflowException) as raised:
        function(*arguments, **named)
    return str(raised.value)


def rows(query, value):
    """Return the rows that a query finds in the database. The query has one %s."""
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


def test_the_message_names_every_threshold_that_failed():
    limits = gate(threshold=0.5, min_absolute_change=0.25)
    challenger, champion = result(accuracy=0.4), result(accuracy=0.3)
    message = error_message(mlflow.validate_evaluation_results, limits, challenger, champion)
    assert "value threshold check failed" in message
    assert "minimum absolute change check failed" in message


def test_the_older_ways_to_evaluate_are_deprecated_or_gone():
    words = "^The `mlflow.evaluate` API has been deprecated as of MLflow 3.0.0."
    with pytest.warns(FutureWarning, match=words), pytest.raises(MlflowException):
        mlflow.evaluate(MODEL.predict, None, targets="species")
    words = "evaluate.. got an unexpected keyword argument 'validation_thresholds'"
    with pytest.raises(TypeError, match=words):
        mlflow.models.evaluate(MODEL.predict, None, validation_thresholds={})


def test_evaluate_records_the_metric_on_the_logged_model_if_it_gets_a_loaded_model_but_not_an_address(
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


def test_model_type_classifier_gives_eight_metrics_four_plots_and_a_table(info):
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


def test_without_archiving_two_versions_are_in_production_and_the_address_loads_the_higher_number(
    client, names, info
):
    name, other_info = names[0], log()
    for logged, archive in ((info, False), (other_info, True)):
        in_stage(client, name, register(client, name, logged), "Production", archive)
    assert model_id_of(f"models:/{name}/Production") == other_info.model_id
    in_stage(client, name, "1", "Production")
    stages = {v.version: v.current_stage for v in client.search_model_versions(f"name='{name}'")}
    assert stages == {"1": "Production", "2": "Production"}
    assert model_id_of(f"models:/{name}/Production") == other_info.model_id
    in_stage(client, name, "1", "Production", archive=True)
    assert model_id_of(f"models:/{name}/Production") == info.model_id


def test_a_copy_has_tags_description_run_and_files_but_neither_alias_nor_stage_nor_later_tags(
    client, names, info
):
    name, copied, _ = names
    version = register(client, name, info, tags={"owner": "ana"}, description="Four columns.")
    client.set_registered_model_alias(name, "challenger", version)
    in_stage(client, name, version, "Staging")
    client.copy_model_version(f"models:/{name}@challenger", copied)
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
    assert model_id_of(f"models:/{prod}/1") == info.model_id


def test_a_copy_creates_a_target_that_does_not_exist(client, names, info):
    version = register(client, names[0], info)
    client.copy_model_version(f"models:/{names[0]}/{version}", names[1])
    assert client.get_registered_model(names[1]).name == names[1]


def test_a_filter_can_contain_neither_aliases_nor_stages_nor_the_word_or(client):
    for key in ("aliases", "current_stage"):
        message = error_message(client.search_model_versions, f"{key} = 'champion'")
        assert f"Invalid attribute key '{key}' specified." in message
    message = error_message(client.search_model_versions, "name = 'a' or name = 'b'")
    assert "Invalid clause(s) in filter string: or" in message


def test_versions_from_a_search_have_no_aliases(client, names, info):
    version = register(client, names[0], info)
    client.set_registered_model_alias(names[0], "champion", version)
    [match] = client.search_model_versions(f"name = '{names[0]}'")
    assert match.aliases == []
    assert client.get_model_version(names[0], version).aliases == ["champion"]
    assert client.get_registered_model(names[0]).aliases == {"champion": version}


def test_a_deleted_version_leaves_an_emptied_row_and_its_number_is_not_used_again(
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


def test_a_deleted_registered_model_leaves_no_row_and_numbers_begin_again(client, names, info):
    name = names[0]
    for _ in range(2):
        register(client, name, info)
    client.delete_registered_model(name)
    for table in ("registered_models", "model_versions"):
        assert rows(f"SELECT name FROM {table} WHERE name = %s", name) == []
    client.create_registered_model(name)
    assert register(client, name, info) == "1"


def test_a_deleted_logged_model_is_gone_under_its_id_and_still_loads_through_its_version(
    client, names
):
    info = log()
    uri = f"models:/{names[0]}/{register(client, names[0], info)}"
    client.delete_logged_model(info.model_id)
    message = error_message(mlflow.pyfunc.load_model, info.model_uri)
    assert f"Logged model with ID '{info.model_id}' not found" in message
    assert model_id_of(uri) == info.model_id
    query = "SELECT lifecycle_stage FROM logged_models WHERE model_id = %s"
    assert rows(query, info.model_id) == [("deleted",)]


GARBAGE_COLLECTION = """
import mlflow
from click.testing import CliRunner
from mlflow.cli import cli
from sklearn.linear_model import LogisticRegression

mlflow.set_experiment(experiment_id=mlflow.create_experiment("gc", artifact_location="files"))
with mlflow.start_run():
    info = mlflow.sklearn.log_model(
        LogisticRegression().fit([[0.0], [1.0]], ["a", "b"]), name="model", pip_requirements=[]
    )
version = mlflow.register_model(info.model_uri, "model")
mlflow.MlflowClient().delete_logged_model(info.model_id)
mlflow.pyfunc.load_model("models:/model/1")
command = ["gc", "--backend-store-uri", mlflow.get_tracking_uri()]
CliRunner().invoke(cli, command, catch_exceptions=False)
print(mlflow.MlflowClient().get_model_version("model", "1").status)
try:
    mlflow.pyfunc.load_model("models:/model/1")
except mlflow.exceptions.MlflowException as error:
    print(error)
"""


def test_gc_removes_the_files_of_a_deleted_logged_model_and_its_version_still_says_ready(tmp_path):
    # In a database of its own: gc would remove what other learners have deleted, too.
    env = {name: value for name, value in os.environ.items() if name != "MLFLOW_EXPERIMENT_ID"}
    env |= {"MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/mlflow.db"}
    command = [sys.executable, "-c", GARBAGE_COLLECTION]
    ran = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-2:] == ["READY", "No such artifact: ''"]


def test_set_signature_changes_a_version_and_all_its_copies(client, names):
    with mlflow.start_run():
        info = mlflow.sklearn.log_model(MODEL, name="model", pip_requirements=PIP)
    version = register(client, names[0], info)
    client.copy_model_version(f"models:/{names[0]}/{version}", names[1])
    addresses = [f"models:/{names[0]}/{version}", f"models:/{names[1]}/1"]
    assert [mlflow.models.get_model_info(uri).signature for uri in addresses] == [None, None]
    before = [client.get_model_version(name, "1").last_updated_timestamp for name in names[:2]]
    signature = infer_signature(X, y)
    mlflow.models.set_signature(info.model_uri, signature)
    assert [mlflow.models.get_model_info(uri).signature for uri in addresses] == [signature] * 2
    after = [client.get_model_version(name, "1").last_updated_timestamp for name in names[:2]]
    assert after == before


def test_each_registered_model_has_aliases_of_its_own(client, names, info):
    for name in names[:2]:
        if name != names[0]:
            client.create_registered_model(name)
        for _ in range(2):
            register(client, name, info)
        client.set_registered_model_alias(name, "champion", "2")
    client.set_registered_model_alias(names[0], "champion", "1")
    aliases = [client.get_registered_model(name).aliases for name in names[:2]]
    assert aliases == [{"champion": "1"}, {"champion": "2"}]
