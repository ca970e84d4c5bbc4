"""What reproduce_run.py does with every model URI, with changed records, and with missing things."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import mlflow
import pytest
import requests
import sklearn
from click.testing import CliRunner
from mlflow import MlflowClient
from mlflow.cli import cli
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.inside.python_fixture import python as python

ROOT = Path(__file__).resolve().parents[2]
HELDOUT = "evaluation/heldout.csv"
IRIS = load_iris(as_frame=True)
X, y = IRIS.data, IRIS.target.map(dict(enumerate(IRIS.target_names)))
PIPELINE = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
PIP = [f"scikit-learn=={sklearn.__version__}"]


class Lesson:
    """Copies of the lesson's two scripts, which use an experiment and a model of the test's own."""

    def __init__(self, folder, python=(sys.executable,)):
        """Write the copies; `python` is the command that runs them."""
        self.python = python
        self.name = f"test-{uuid4().hex[:8]}"
        self.folder = folder
        for path in (
            "tutorial/03_models_pyfunc/run.py",
            "examples/03_models_pyfunc/reproduce_run.py",
        ):
            text = (ROOT / path).read_text(encoding="utf-8")
            text = text.replace("iris_clf", self.name).replace("03_models_pyfunc", self.name)
            (folder / Path(path).name).write_text(text, encoding="utf-8")

    def start(self, script, *arguments, **env):
        """Start a script as a learner does, without waiting for it."""
        command = [*self.python, str(self.folder / script), *arguments]
        env = os.environ | {"LAB_OUTPUT": str(self.folder)} | env
        # set_experiment leaves the tests' own experiment here, for the processes they start.
        env.pop("MLFLOW_EXPERIMENT_ID", None)
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=env, stdout=pipe, stderr=pipe, text=True)

    def reproduce(self, uri, *arguments):
        """Run reproduce_run.py in this process. Return its exit code or message; None is 0."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MODEL_URI", uri)
            patch.setattr(sys, "argv", ["reproduce_run.py", *arguments])
            try:
                runpy.run_path(str(self.folder / "reproduce_run.py"), run_name="__main__")
            except SystemExit as left:
                return left.code
        return None


@pytest.fixture(scope="module")
def client():
    mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
    return MlflowClient()


def forget(client, name):
    """Delete the experiment and the registered model with this name."""
    if experiment := client.get_experiment_by_name(name):
        client.delete_experiment(experiment.experiment_id)
    if client.search_registered_models(f"name = '{name}'"):
        client.delete_registered_model(name)


@pytest.fixture(scope="module")
def lesson(client, tmp_path_factory, python):
    """Run the lesson twice at the same moment: two learners start, and no model exists yet.

    The experiment exists. If two clients create it at once, MLflow may send one of them to another
    experiment; the tests of lesson 02 show that.
    """
    lesson = Lesson(tmp_path_factory.mktemp("lesson"), python)
    client.create_experiment(lesson.name)
    for learner in [lesson.start("run.py") for _ in range(2)]:
        printed, complained = learner.communicate(timeout=120)
        # MLflow does not always accept both, and the lab's message says to run the script again.
        while "at the same moment" in complained:
            learner = lesson.start("run.py")
            printed, complained = learner.communicate(timeout=120)
        assert learner.returncode == 0, printed + complained
        assert "Error" not in complained, complained
    lesson.version = client.get_model_version_by_alias(lesson.name, "champion")
    lesson.experiment = client.get_experiment_by_name(lesson.name)
    yield lesson
    forget(client, lesson.name)


@pytest.fixture
def log_run(client, lesson):
    """Lend a function that logs a small run like the lesson's, with one thing different if asked."""
    registered = []

    def log(heldout=True, register=True, params=None, recorded_c=1.0, experiment=lesson.experiment):
        predicted = PIPELINE.predict(X)
        rows = X.assign(species=y)
        with mlflow.start_run(experiment_id=experiment.experiment_id) as run:
            mlflow.log_params(params or {"logisticregression__C": recorded_c})
            mlflow.log_text(rows.to_csv(index=False), "data/train.csv")
            if heldout:
                mlflow.log_text(rows.assign(predicted=predicted).to_csv(index=False), HELDOUT)
            signature = infer_signature(X, predicted)
            info = mlflow.sklearn.log_model(
                PIPELINE, name="model", signature=signature, pip_requirements=PIP
            )
            for context in ("train", "heldout"):
                data = mlflow.data.from_pandas(rows, targets="species", name=context)
                mlflow.log_input(data, context=context)
            mlflow.log_metric("heldout_accuracy", float((predicted == y).mean()))
        name = f"test-{uuid4().hex[:8]}"
        if register:
            mlflow.register_model(info.model_uri, name)
            registered.append(name)
        return run.info.run_id, info, name

    yield log
    for name in registered:
        client.delete_registered_model(name)


@pytest.fixture
def tampered(client, lesson, log_run):
    """Lend a function that changes the recorded rows of a correct run and returns the model's URI."""
    if not hasattr(lesson, "right"):
        run_id, info, _ = log_run(register=False)
        assert lesson.reproduce(info.model_uri) is None
        text = mlflow.artifacts.load_text(f"runs:/{run_id}/{HELDOUT}")
        lesson.right = run_id, info.model_uri, text

    def tamper(change):
        run_id, uri, text = lesson.right
        assert change(text) != text
        client.log_text(run_id, change(text), HELDOUT)
        return uri

    return tamper


def test_a_run_is_reproduced_and_trained_again_with_nothing_on_stderr(lesson):
    script = lesson.start("reproduce_run.py", "--retrain", MODEL_URI="")
    printed, complained = script.communicate(timeout=120)
    assert (script.returncode, complained) == (0, "")
    assert re.search(r"^training digest +([0-9a-f]{8}) +\1 +equal$", printed, re.MULTILINE)
    assert re.search(r"^after retraining +60 +60 +equal$", printed, re.MULTILINE)
    assert printed.endswith("Reproduced: nothing differs.\n")


@pytest.mark.parametrize(
    "uri",
    [
        "models:/{name}/Production",
        "models:/{name}/production",
        "models:/{name}@champion",
        "models:/{name}/1",
        "models:/{name}/latest",
        "runs:/{run}/model",
        "{source}",
        "  models:/{name}/1  ",
    ],
)
def test_every_uri_leads_to_its_run_and_version(lesson, capsys, uri):
    version = lesson.version
    uri = uri.format(name=lesson.name, run=version.run_id, source=version.source)
    assert lesson.reproduce(uri) is None
    printed = capsys.readouterr().out
    assert f"{lesson.name} version " in printed
    if "champion" in uri or "runs:" in uri or "m-" in uri:
        assert f"{lesson.name} version {version.version} " in printed
        assert f"run    {version.run_id}" in printed


NO_MODEL_URI = "is not a model URI that leads to a run. Use models:/<name>/<version>"


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("{name}", NO_MODEL_URI),
        ("models:{name}", NO_MODEL_URI),
        ("models:/", NO_MODEL_URI),
        ("models:/{name}/", NO_MODEL_URI),
        ("models:/{name}@", NO_MODEL_URI),
        ("models:/{name}/1/model", NO_MODEL_URI),
        ("models:/..", NO_MODEL_URI),
        ("foo:/bar", NO_MODEL_URI),
        ("runs:/", NO_MODEL_URI),
        ("runs:/{run}", NO_MODEL_URI),
        ("runs:/../model", NO_MODEL_URI),
        ("runs:/{run}/../model", NO_MODEL_URI),
        ("models:/{name}", "Logged model with ID '{name}' not found. Registered: "),
        ("models:/m-0123", "Logged model with ID 'm-0123' not found. Registered: "),
        ("models:/{name}x/1", "Registered Model with name={name}x not found. Registered: "),
        ("models:/{name}x/Production", "Registered Model with name={name}x not found. Reg"),
        ("models:/{name}x@champion", "Registered Model with name={name}x not found. Reg"),
        ("models:/o'x/1", "Registered Model with name=o'x not found. Registered: "),
        ("models:/{name}/99", "has no version or stage '99'. Its versions: 2, 1. "),
        ("models:/{name}/99999999999999999999", "has no version or stage '99999"),
        ("models:/{name}/Staging", "'Staging'. Its versions: 2, 1. Its stages: "),
        ("models:/{name}/bogus", "has no version or stage 'bogus'. Its versions: 2, 1. "),
        ("models:/{name}@ghost", "has no alias 'ghost'. "),
        ("models:/{name}@Champion", "has no alias 'Champion'. "),
        ("runs:/0123/model", "Run with id=0123 not found. Without MODEL_URI the script takes"),
        ("runs:/{run}/other", "this run has no model named other. It logged: model."),
    ],
)
def test_a_wrong_uri_gets_one_message_that_names_model_uri(lesson, uri, says):
    known = {"name": lesson.name, "run": lesson.version.run_id}
    message = lesson.reproduce(uri.format(**known))
    assert message.startswith(f"MODEL_URI={uri.format(**known)}")
    assert says.format(**known) in message
    assert "\n" not in message


def test_the_message_goes_to_stderr_without_a_traceback(lesson):
    script = lesson.start("reproduce_run.py", MODEL_URI=f"models:/{lesson.name}@ghost")
    printed, complained = script.communicate(timeout=120)
    assert (script.returncode, printed, complained.count("\n")) == (1, "", 1)
    assert complained.startswith("MODEL_URI=")


def test_before_the_lesson_s_script_it_says_which_to_run(client, tmp_path):
    lesson = Lesson(tmp_path)
    assert lesson.reproduce("").startswith(
        f"{lesson.name} has no finished run that logged a model with its held-out rows. "
    )
    assert f"First run python tutorial/{lesson.name}/run.py" in lesson.reproduce(" ")
    client.create_experiment(lesson.name)
    assert "First run python " in lesson.reproduce("")
    forget(client, lesson.name)


def test_the_latest_run_is_one_that_finished_and_recorded_rows_and_a_model(
    client, log_run, tmp_path, capsys
):
    lesson = Lesson(tmp_path)
    experiment = client.get_experiment(client.create_experiment(lesson.name))
    good, _, _ = log_run(register=False, experiment=experiment)
    log_run(register=False, experiment=experiment, heldout=False)
    failed, _, _ = log_run(register=False, experiment=experiment)
    client.set_terminated(failed, "FAILED")
    without_model = client.create_run(experiment.experiment_id).info.run_id
    client.log_text(without_model, "species,predicted\n", HELDOUT)
    client.set_terminated(without_model)
    assert lesson.reproduce("") is None
    assert f"run    {good}" in capsys.readouterr().out
    forget(client, lesson.name)


def test_a_model_whose_run_recorded_no_rows_is_refused(lesson, log_run):
    run_id, info, name = log_run(heldout=False)
    for uri in (info.model_uri, f"models:/{name}/1", f"runs:/{run_id}/model"):
        assert f"the run {run_id} that logged this model recorded no {HELDOUT}" in lesson.reproduce(
            uri
        )


def test_a_run_without_a_model_is_refused(client, lesson):
    run_id = client.create_run(lesson.experiment.experiment_id).info.run_id
    client.set_terminated(run_id, "FAILED")
    assert "this run has no model named model. It logged: no model." in lesson.reproduce(
        f"runs:/{run_id}/model"
    )


def test_a_model_logged_outside_any_run_is_refused(client, lesson):
    mlflow.set_experiment(experiment_id=lesson.experiment.experiment_id)
    info = mlflow.sklearn.log_model(PIPELINE, name="no_run", pip_requirements=PIP)
    uri = info.model_uri
    assert lesson.reproduce(uri) == f"MODEL_URI={uri}: this model was logged outside of any run."
    name = f"test-{uuid4().hex[:8]}"
    mlflow.register_model(uri, name)
    assert "outside of any run" in lesson.reproduce(f"models:/{name}/1")
    client.delete_registered_model(name)


def test_a_deleted_run_is_named_with_the_command_that_restores_it(client, lesson, log_run):
    run_id, _, name = log_run()
    client.delete_run(run_id)
    says = f"the run {run_id} that logged this model was deleted. To bring it back: mlflow runs "
    for uri in (f"models:/{name}/1", f"runs:/{run_id}/model"):
        assert says in lesson.reproduce(uri)
    command = lesson.reproduce(f"models:/{name}/1").partition("bring it back: mlflow ")[2].split()
    assert CliRunner().invoke(cli, command).exit_code == 0
    assert lesson.reproduce(f"models:/{name}/1") is None


@pytest.mark.parametrize("path", [None, "MLmodel", "model.skops"])
def test_deleted_model_files_are_reported_as_missing(lesson, log_run, path):
    _, info, name = log_run()
    get_artifact_repository(info.artifact_path).delete_artifacts(path)
    says = "this model are missing in the artifact store."
    for uri in (f"models:/{name}/1", info.model_uri):
        assert lesson.reproduce(uri) == f"MODEL_URI={uri}: files of {says}"


def test_a_deleted_logged_model_and_a_deleted_version_are_not_found(client, lesson, log_run):
    _, info, name = log_run()
    client.delete_logged_model(info.model_id)
    assert f"Logged model with ID '{info.model_id}' not found" in lesson.reproduce(info.model_uri)
    client.delete_model_version(name, "1")
    assert "Its versions: none. Its stages: none. Its aliases: none." in lesson.reproduce(
        f"models:/{name}/1"
    )


def test_another_recorded_accuracy_is_a_difference(client, lesson, log_run):
    run_id, info, _ = log_run(register=False)
    true = client.get_run(run_id).data.metrics["heldout_accuracy"]
    client.log_metric(run_id, "heldout_accuracy", 0.5, step=1)
    assert lesson.reproduce(info.model_uri) == (
        f"Not reproduced. accuracy: recorded 0.5, reproduced {true}"
    )


def test_another_recorded_prediction_is_a_difference(lesson, tampered):
    message = lesson.reproduce(
        tampered(lambda text: text.replace(",setosa,setosa\n", ",setosa,virginica\n", 1))
    )
    assert message == "Not reproduced. predictions: recorded 150, reproduced 149"


def test_another_recorded_label_is_a_difference(lesson, tampered):
    message = lesson.reproduce(
        tampered(lambda text: text.replace(",setosa,setosa\n", ",virginica,setosa\n", 1))
    )
    assert "accuracy: recorded" in message
    assert "held-out digest: recorded" in message


def test_another_recorded_measurement_is_a_difference_even_in_the_last_digit(lesson, tampered):
    message = lesson.reproduce(tampered(lambda text: text.replace("5.1,", "5.100000000000001,", 1)))
    assert message.startswith("Not reproduced. held-out digest: recorded ")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: "", "EmptyDataError"),
        (lambda text: text.replace("species", "kind"), "KeyError: 'species'"),
        (
            lambda text: text.replace("sepal length", "sepal lenght"),
            "missing inputs ['sepal length",
        ),
        (lambda text: text.replace("5.1,", "five,", 1), "Can not safely convert str to float64"),
        (lambda text: text.replace("5.1,", ",", 1), "Input X contains NaN"),
    ],
)
def test_rows_that_do_not_fit_the_model_are_a_difference(lesson, tampered, change, says):
    message = lesson.reproduce(tampered(change))
    assert message.startswith(f"Not reproduced. {HELDOUT} of the run ")
    assert says in message
    assert "\n" not in message


def test_training_again_uses_the_recorded_settings(lesson, log_run):
    _, info, _ = log_run(register=False, recorded_c=0.0001)
    assert lesson.reproduce(info.model_uri) is None
    message = lesson.reproduce(info.model_uri, "--retrain")
    assert message.startswith("Not reproduced. after retraining: recorded 150, reproduced ")


def test_training_again_uses_the_recorded_rows(client, lesson, log_run):
    run_id, info, _ = log_run(register=False)
    text = mlflow.artifacts.load_text(f"runs:/{run_id}/data/train.csv")
    client.log_text(run_id, text.replace(",virginica\n", ",setosa\n"), "data/train.csv")
    message = lesson.reproduce(info.model_uri, "--retrain")
    assert "training digest: recorded " in message
    assert "after retraining: recorded 150, reproduced " in message


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"seed": 7}, "--retrain needs the model's parameters, but the run "),
        ({"logisticregression__C": -1.0}, "InvalidParameterError: The 'C' parameter"),
        ({"logisticregression__solver": "magic"}, "InvalidParameterError: The 'solver' parameter"),
    ],
)
def test_settings_that_cannot_be_used_are_explained(lesson, log_run, params, says):
    _, info, _ = log_run(register=False, params=params)
    assert says in lesson.reproduce(info.model_uri, "--retrain")


def test_a_setting_that_is_a_word_is_used(lesson, log_run):
    _, info, _ = log_run(register=False, params={"logisticregression__solver": "lbfgs"})
    assert lesson.reproduce(info.model_uri, "--retrain") is None


def test_other_package_versions_are_a_note_and_no_failure(lesson, monkeypatch, capsys):
    asked = lesson.version.source
    requirements = lesson.folder / "requirements.txt"
    requirements.write_text("numpy==1.0\nno-such-package==2.0\n")
    monkeypatch.setattr(mlflow.pyfunc, "get_model_dependencies", lambda uri: requirements)
    assert lesson.reproduce(asked) is None
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("numpy ") and line.endswith("different") for line in lines)
    assert any(line.split()[:4] == ["no-such-package", "2.0", "not", "installed"] for line in lines)


def test_an_error_that_model_uri_does_not_cause_is_not_hidden(client, lesson, monkeypatch):
    right = os.environ["MLFLOW_TRACKING_URI"]
    asked = f"models:/{lesson.name}/1"
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    try:
        for uri in ("", asked, "models:/m-0123", "runs:/0123/model"):
            monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
            with pytest.raises(MlflowException, match="API request to "):
                lesson.reproduce(uri)
            # A web server that is not MLflow's answers 404 to every request.
            monkeypatch.setenv("MLFLOW_TRACKING_URI", f"{right}/no-such-place")
            with pytest.raises((MlflowException, requests.HTTPError)):
                lesson.reproduce(uri)
        monkeypatch.delenv("MLFLOW_TRACKING_URI")
        with pytest.raises(KeyError, match="MLFLOW_TRACKING_URI"):
            lesson.reproduce(asked)
    finally:
        mlflow.set_tracking_uri(right)
