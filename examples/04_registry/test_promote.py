"""What promote.py and rollback.py do and refuse, called twice, at the same moment, and interrupted."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import mlflow
import pytest
import sklearn
from click.testing import CliRunner
from mlflow import MlflowClient
from mlflow.cli import cli
from mlflow.models import infer_signature
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.inside.python_fixture import python as python

FOLDER = Path(__file__).resolve().parent
HELDOUT = "evaluation/heldout.csv"
IRIS = load_iris(as_frame=True)
COLUMNS = list(IRIS.data.columns)
FLOWERS = IRIS.data.assign(species=IRIS.target.map(dict(enumerate(IRIS.target_names))))
TRAIN, ROWS = train_test_split(FLOWERS, test_size=0.4, random_state=7, stratify=IRIS.target)
PIP = [f"scikit-learn=={sklearn.__version__}"]
# Their accuracy on these rows is 0.80, 0.8833, 0.9667 and 0.9833.
MODELS = {
    "weak": (COLUMNS[:2], 1.0),
    "fair": (COLUMNS[2:3], 1.0),
    "good": (COLUMNS[2:], 1.0),
    "best": (COLUMNS, 100.0),
}


@pytest.fixture(scope="module")
def client():
    mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
    return MlflowClient()


@pytest.fixture(scope="module")
def experiment_id(client):
    """Create an experiment for these tests, and delete it afterwards."""
    experiment_id = mlflow.set_experiment(f"test-{uuid4().hex[:8]}").experiment_id
    yield experiment_id
    client.delete_experiment(experiment_id)


def fitted(name):
    columns, inverse_strength = MODELS[name]
    scaler = make_column_transformer((StandardScaler(), columns))
    model = make_pipeline(scaler, LogisticRegression(C=inverse_strength))
    return model.fit(TRAIN[COLUMNS], TRAIN["species"])


def log(experiment_id, model, text=None):
    """Log a model in a run, with the held-out rows or another text in their file."""
    with mlflow.start_run(experiment_id=experiment_id):
        mlflow.log_text(ROWS.to_csv(index=False) if text is None else text, HELDOUT)
        return mlflow.sklearn.log_model(
            model,
            name="model",
            signature=infer_signature(TRAIN[COLUMNS], TRAIN["species"]),
            pip_requirements=PIP,
        )


@pytest.fixture(scope="module")
def logged(experiment_id, client):
    """Log the four models once for all tests."""
    return {name: log(experiment_id, fitted(name)) for name in MODELS}


class Line:
    """A registered model for development and one for production, for one test."""

    def __init__(self, client, logged):
        """Create both without versions."""
        self.client, self.logged = client, logged
        self.dev, self.prod = (f"test-{uuid4().hex[:8]}" for _ in range(2))
        for name in (self.dev, self.prod):
            client.create_registered_model(name)

    def register(self, model):
        """Register a logged model in development, and return the address of the version."""
        info = self.logged[model] if isinstance(model, str) else model
        version = self.client.create_model_version(
            self.dev, info.model_uri, run_id=info.run_id, model_id=info.model_id
        )
        return f"models:/{self.dev}/{version.version}"

    def promote(self, challenger, target=None):
        """Run promote.py in this process. Return its exit status or message; None means success."""
        return exit_status("promote.py", challenger, self.prod if target is None else target)

    def put(self, *models):
        """Make each model the champion of production, in order, with the tags that promote.py writes."""
        for model in models:
            tags = {"replaces": self.champion or "none"}
            info = self.logged[model]
            version = self.client.create_model_version(
                self.prod, self.register(model), run_id=info.run_id, tags=tags
            )
            self.client.set_registered_model_alias(self.prod, "champion", version.version)

    def rollback(self, *arguments):
        """Run rollback.py in this process. Return its exit status or message; None means success."""
        return exit_status("rollback.py", self.prod, *arguments)

    @property
    def champion(self):
        """The version number of production's champion, or None."""
        return self.client.get_registered_model(self.prod).aliases.get("champion")

    @property
    def versions(self):
        """The tags of production's versions, by version number."""
        versions = self.client.search_model_versions(f"name = '{self.prod}'")
        return {version.version: version.tags for version in versions}

    def answers_like(self, name):
        """Tell whether production's champion gives the same predictions as this model."""
        champion = mlflow.pyfunc.load_model(f"models:/{self.prod}@champion")
        expected = fitted(name).predict(ROWS[COLUMNS])
        return (champion.predict(ROWS[COLUMNS]) == expected).all()


def exit_status(script, *arguments):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [script, *arguments])
        try:
            runpy.run_path(str(FOLDER / script), run_name="__main__")
        except SystemExit as end:
            return end.code
    return None


def start(python, script, *arguments):
    """Start a script as a CI job does, and do not wait for it."""
    # set_experiment writes the experiment of these tests to this variable. A CI job does not have it.
    env = {name: value for name, value in os.environ.items() if name != "MLFLOW_EXPERIMENT_ID"}
    command = [*python, str(FOLDER / script), *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=env, stdout=pipe, stderr=pipe, text=True)


@pytest.fixture
def line(client, logged):
    line = Line(client, logged)
    yield line
    for name in (line.dev, line.prod):
        client.delete_registered_model(name)


def test_the_better_one_is_promoted_with_its_evidence_and_a_second_call_changes_nothing(
    line, client, capsys
):
    fair, best = line.register("fair"), line.register("best")
    for address in (fair, best):
        assert line.promote(address) is None
    assert line.champion == "2" and line.answers_like("best")
    tags = line.versions["2"]
    assert tags["gate"] == "passed: accuracy = 0.9833"
    assert client.get_run(tags["gate_run"]).data.metrics == {"accuracy": 59 / 60}
    assert tags["heldout"].startswith(f"{line.logged['best'].run_id}/{HELDOUT}, digest ")
    assert (tags["promoted_from"], tags["replaces"]) == (best, "1")
    assert tags["promoted_by"] and tags["promoted_at"].endswith(" UTC")
    assert line.versions["1"]["replaces"] == "none"
    before = line.versions
    client.set_registered_model_alias(line.dev, "challenger", best.rpartition("/")[2])
    capsys.readouterr()
    assert line.promote(f"models:/{line.dev}@challenger") is None
    assert capsys.readouterr().out == (
        f"{best} is already promoted: {line.prod} version 2 is the champion.\n"
    )
    assert line.versions == before
    # The previous champion is not better than the new one.
    assert "minimum absolute change check failed" in line.promote(fair)
    assert (line.champion, line.versions) == ("2", before)


def test_a_refusal_names_the_threshold_that_failed_with_what_was_measured_on_one_line(line):
    message = line.promote(line.register("weak"))
    assert message == (
        f"Refused: models:/{line.dev}/1 is not promoted to {line.prod}. Metric accuracy value "
        "threshold check failed: candidate model accuracy = 0.8, accuracy threshold = 0.85."
    )
    assert line.versions == {}


def test_good_enough_but_no_better_than_the_champion_is_refused(line):
    line.put("good")
    message = line.promote(line.register("fair"))
    assert "\n" not in message
    assert message.endswith(
        "Metric accuracy minimum absolute change check failed: candidate model accuracy = "
        "0.8833333333333333, baseline model accuracy = 0.9666666666666667, accuracy minimum "
        "absolute change threshold = 0.01."
    )
    assert list(line.versions) == ["1"]


@pytest.mark.parametrize(
    ("challenger", "target", "expected"),
    [
        (
            "",
            "{prod}",
            "'' is not the address of a model version. Give models:/<name>/<version> or ",
        ),
        ("{dev}", "{prod}", "is not the address of a model version."),
        ("models:/{dev}", "{prod}", "is not the address of a model version."),
        ("models:/{dev}/", "{prod}", "is not the address of a model version."),
        ("models:/{dev}/latest", "{prod}", "is not the address of a model version."),
        ("models:/{dev}/99999999999999999999", "{prod}", "is not the address of a model version."),
        ("models:/m-0123", "{prod}", "is not the address of a model version."),
        ("runs:/0123/model", "{prod}", "is not the address of a model version."),
        ("models:/{dev}/99", "{prod}", "version=99) not found. Register a version first, or "),
        ("models:/{dev}@ghost", "{prod}", "Registered model alias ghost not found. Register a ver"),
        ("models:/{dev}x/1", "{prod}", "not found. Register a version first, or correct the addr"),
        ("models:/{dev}x@challenger", "{prod}", "Registered Model with name={dev}x not found. Reg"),
        (
            "models:/{dev}/1",
            "{prod}x",
            "There is no registered model '{prod}x' to promote to. There are: ",
        ),
        ("models:/{dev}/1", "", "There is no registered model '' to promote to. There are: "),
        (
            "models:/{dev}/1",
            "{dev}",
            "The challenger is already in {dev}. Give the registered model of ",
        ),
    ],
)
def test_a_wrong_argument_gets_one_line_that_says_what_to_do(line, challenger, target, expected):
    line.register("best")
    names = {"dev": line.dev, "prod": line.prod}
    message = line.promote(challenger.format(**names), target.format(**names))
    assert expected.format(**names) in message
    assert "\n" not in message
    assert line.versions == {}


@pytest.mark.parametrize("script", ["promote.py", "rollback.py"])
def test_wrong_usage_is_argparse_s_own_2(script, capsys):
    assert exit_status(script, "a", "b", "c") == 2
    assert "usage:" in capsys.readouterr().err


def test_a_mistyped_target_creates_nothing(line, client):
    line.promote(line.register("best"), f"{line.prod}x")
    assert client.search_registered_models(f"name = '{line.prod}x'") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "is not a table of rows with the column species: No columns to parse from file"),
        ("a,b\n1,2\n", "is not a table of rows with the column species: "),
        ("species,predicted\n", "with the column species: it has no rows"),
        ("a,species\n1,2\n", "cannot predict the held-out rows. MlflowException: Failed to en"),
    ],
)
def test_a_file_without_held_out_rows_is_refused(line, experiment_id, text, expected):
    message = line.promote(line.register(log(experiment_id, fitted("best"), text)))
    assert expected in message
    assert "\n" not in message


def test_without_held_out_rows_a_version_is_refused(line, client, experiment_id):
    with mlflow.start_run(experiment_id=experiment_id) as run:
        info = mlflow.sklearn.log_model(fitted("best"), name="model", pip_requirements=PIP)
    message = line.promote(line.register(info))
    assert message == (
        f"The run {run.info.run_id}, which logged models:/{line.dev}/1, has no evaluation/heldout.csv, "
        "so the gate cannot measure the model. Log the held-out rows there, with the true species."
    )


def test_a_version_without_a_run_is_refused(line):
    address = line.register(
        mlflow.sklearn.log_model(fitted("best"), name="model", pip_requirements=PIP)
    )
    assert line.promote(address) == (
        f"{address} was not logged in a run. Log the model in a run, and {HELDOUT} too."
    )


def test_for_a_deleted_run_the_message_has_the_command_that_restores_it(
    line, client, experiment_id
):
    info = log(experiment_id, fitted("best"))
    address = line.register(info)
    client.delete_run(info.run_id)
    message = line.promote(address)
    assert message.startswith(f"The run that logged {address} was deleted")
    command = message.partition("To restore it: mlflow ")[2].split()
    assert CliRunner().invoke(cli, command).exit_code == 0
    assert line.promote(address) is None


@pytest.mark.parametrize("path", [None, "model.skops"])
def test_a_model_whose_files_are_missing_is_refused(line, experiment_id, path):
    info = log(experiment_id, fitted("best"))
    address = line.register(info)
    get_artifact_repository(info.artifact_path).delete_artifacts(path)
    message = line.promote(address)
    assert message.startswith("Refused: ") and address in message
    assert "\n" not in message
    assert line.versions == {}


def test_a_deleted_logged_model_is_still_measured_through_its_version(line, client, experiment_id):
    info = log(experiment_id, fitted("best"))
    address = line.register(info)
    client.delete_logged_model(info.model_id)
    assert line.promote(address) is None
    assert line.answers_like("best")


def test_a_copy_of_a_copy_counts_as_the_same_model(line, client, capsys):
    address = line.register("best")
    qa = f"test-{uuid4().hex[:8]}"
    client.create_registered_model(qa)
    try:
        assert line.promote(address, qa) is None
        assert line.promote(f"models:/{qa}@champion") is None
        assert line.promote(address) is None
    finally:
        client.delete_registered_model(qa)
    assert "is already promoted" in capsys.readouterr().out
    assert list(line.versions) == ["1"]


def test_another_model_of_the_same_run_with_the_same_version_number_is_promoted(
    line, client, experiment_id
):
    with mlflow.start_run(experiment_id=experiment_id):
        mlflow.log_text(ROWS.to_csv(index=False), HELDOUT)
        line.logged = {
            name: mlflow.sklearn.log_model(fitted(name), name=name, pip_requirements=PIP)
            for name in ("fair", "best")
        }
    line.put("fair")
    client.delete_registered_model(line.dev)
    client.create_registered_model(line.dev)
    address = line.register("best")
    assert address == f"models:/{line.dev}/1"
    assert line.promote(address) is None
    assert line.champion == "2" and line.answers_like("best")


def test_two_models_with_modules_of_the_same_name_are_each_measured_with_their_own(
    line, experiment_id, tmp_path, monkeypatch
):
    rule = "'setosa' if cm <= 2.5 else 'versicolor' if cm <= 4.8 else 'virginica'"
    rules = {"constant": "'setosa'", "rule": rule}
    for name, rule in rules.items():
        folder = tmp_path / name
        folder.mkdir()
        (folder / "petal_rule.py").write_text(
            f"def species(petal):\n    return [{rule} for cm in petal]\n"
        )
        (folder / "model.py").write_text(
            "import mlflow, petal_rule\n"
            "class Rule(mlflow.pyfunc.PythonModel):\n"
            "    def predict(self, context, model_input, params=None):\n"
            "        return petal_rule.species(model_input['petal length (cm)'])\n"
            "mlflow.models.set_model(Rule())\n"
        )
        with monkeypatch.context() as patch, mlflow.start_run(experiment_id=experiment_id):
            patch.syspath_prepend(str(folder))
            mlflow.log_text(ROWS.to_csv(index=False), HELDOUT)
            info = mlflow.pyfunc.log_model(
                name="model",
                python_model=str(folder / "model.py"),
                code_paths=[str(folder / "petal_rule.py")],
                pip_requirements=PIP,
            )
        sys.modules.pop("petal_rule")
        rules[name] = info
    line.logged = line.logged | rules
    line.put("constant")
    assert line.promote(line.register("rule")) is None
    assert line.versions["2"]["gate"] == "passed: accuracy = 0.9333"


def test_two_calls_at_once_end_with_one_champion_and_one_copy(line, python):
    address = line.register("best")
    for job in [start(python, "promote.py", address, line.prod) for _ in range(2)]:
        printed, complained = job.communicate(timeout=120)
        assert (job.returncode, complained) == (0, ""), printed + complained
        assert "promoted" in printed
    assert list(line.versions) == [line.champion]
    assert line.versions[line.champion]["replaces"] == "none"
    assert line.answers_like("best")


def meanwhile(monkeypatch, method, before=None, after=None):
    """Call a function just before or after the script first calls a method of the client."""
    real, calls = getattr(MlflowClient, method), []

    def call(self, *arguments, **named):
        first = not calls
        calls.append(method)
        if before and first:
            before()
        answer = real(self, *arguments, **named)
        if after and first:
            after()
        return answer

    monkeypatch.setattr(MlflowClient, method, call)


def test_of_two_copies_made_at_once_the_older_is_used_and_the_other_is_removed(line, monkeypatch):
    address = line.register("best")

    def other_call():
        tags = {"replaces": "none"}
        run_id = line.logged["best"].run_id
        line.client.create_model_version(line.prod, address, run_id=run_id, tags=tags)

    with monkeypatch.context() as patch:
        meanwhile(patch, "create_model_version", before=other_call)
        assert line.promote(address) is None
    assert (line.champion, list(line.versions)) == ("1", ["1"])


class Killed(BaseException):
    """The process ends here."""


def killed():
    raise Killed


def test_the_next_call_finishes_a_promotion_that_ended_before_the_alias_moved(line, monkeypatch):
    address = line.register("best")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        meanwhile(patch, "create_model_version", after=killed)
        line.promote(address)
    evidence = line.versions["1"]
    assert evidence["gate"] == "passed: accuracy = 0.9833" and evidence["replaces"] == "none"
    assert line.champion is None
    assert line.promote(address) is None
    assert (line.champion, line.versions) == ("1", {"1": evidence})


def test_a_copy_that_was_made_to_replace_another_champion_is_not_used(line, client):
    line.put("weak")
    address = line.register("best")
    run_id = line.logged["best"].run_id
    client.create_model_version(line.prod, address, run_id=run_id, tags={"replaces": "1"})
    line.put("fair")
    assert line.promote(address) is None
    assert line.champion == "4"
    assert line.versions["4"]["replaces"] == "3"


def test_a_champion_that_another_call_set_in_the_meantime_is_kept(line, monkeypatch):
    line.put("fair")
    address = line.register("good")
    with monkeypatch.context() as patch:
        meanwhile(patch, "create_model_version", before=lambda: line.put("best"))
        assert line.promote(address) == (
            f"In the meantime {line.prod} got another champion than the one that {address} was compared "
            "with. Call again."
        )
    assert line.champion == "2"
    assert "minimum absolute change check failed" in line.promote(address)


def test_a_version_that_was_rolled_back_in_the_meantime_is_not_promoted_again(line, monkeypatch):
    line.put("fair")
    address = line.register("best")

    def other_call():
        assert line.promote(address) is None
        assert line.rollback("--why", "it calls everything a setosa") is None

    with monkeypatch.context() as patch:
        meanwhile(patch, "create_model_version", before=other_call)
        message = line.promote(address)
    assert message == line.promote(address)
    assert message.startswith(f"{address} is not promoted again: {line.prod} version 2 was rolled ")
    assert message.endswith(": it calls everything a setosa. Register a better version.")
    assert line.champion == "1"


def test_a_version_that_was_rolled_back_in_development_is_not_promoted(line, client):
    address = line.register("best")
    client.set_model_version_tag(line.dev, "1", "rolled_back", "by ana: a drill")
    assert f"{line.dev} version 1 was rolled back, by ana: a drill." in line.promote(address)


def test_a_rollback_restores_the_earlier_predictions_and_records_the_reason(line, capsys):
    line.put("fair", "best")
    assert line.answers_like("best")
    assert line.rollback("--why", "a drill") is None
    assert capsys.readouterr().out == (
        f"models:/{line.prod}@champion is version 1 again, no longer 2\n"
    )
    assert line.champion == "1" and line.answers_like("fair")
    reason = line.versions["2"]["rolled_back"]
    assert re.fullmatch(r"[0-9-]{10} [0-9:]{8} UTC by .+: a drill", reason)
    # A second call goes neither forward to the broken version nor further back.
    assert line.rollback() is None
    assert f"is already rolled back, from version 2 to 1, {reason}" in capsys.readouterr().out
    assert (line.champion, line.versions["2"]["rolled_back"]) == ("1", reason)
    assert line.rollback("--from", "2") is None
    assert line.rollback("--from", "1") == (
        f"{line.prod} version 1 is its first champion. There is no version to roll back to."
    )
    assert line.champion == "1"


def test_from_goes_further_back_but_only_from_the_champion(line):
    line.put("fair", "good", "best")
    assert line.rollback("--from", "2") == (
        f"The champion of {line.prod} is version 3, not 2, so nothing was rolled back."
    )
    assert line.rollback() is None and line.champion == "2"
    assert line.rollback("--from", "2") is None and line.champion == "1"
    assert line.rollback() is None and line.champion == "1"


def test_a_version_that_is_promoted_after_a_rollback_can_be_rolled_back_too(line):
    line.put("fair", "good")
    assert line.rollback() is None
    line.put("best")
    assert line.champion == "3"
    assert line.rollback() is None
    assert line.champion == "1"


def test_two_rollbacks_at_once_go_back_only_once(line, monkeypatch, python):
    line.put("fair", "good", "best")
    with monkeypatch.context() as patch:
        meanwhile(patch, "set_model_version_tag", before=line.rollback)
        assert line.rollback() is None
    assert line.champion == "2"
    line.put("weak")
    for job in [start(python, "rollback.py", line.prod) for _ in range(2)]:
        printed, complained = job.communicate(timeout=120)
        assert (job.returncode, complained) == (0, ""), printed + complained
    assert line.champion == "2"


def test_the_next_call_finishes_a_rollback_that_was_interrupted(line, monkeypatch):
    line.put("fair", "best")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        meanwhile(patch, "set_registered_model_alias", before=killed)
        line.rollback()
    assert line.champion == "2"
    assert line.rollback() is None
    assert line.champion == "1"
    assert line.rollback() is None
    assert line.champion == "1"


def test_without_a_previous_champion_nothing_is_rolled_back(line, client):
    none = "has no champion to roll back: "
    assert line.rollback() == f"'{line.prod}' {none}Registered model alias champion not found."
    assert none in exit_status("rollback.py", f"{line.prod}x")
    assert none in exit_status("rollback.py", "")
    by_hand = client.copy_model_version(line.register("fair"), line.prod)
    client.set_registered_model_alias(line.prod, "champion", by_hand.version)
    assert "version 1 has no tag replaces, so its previous champion is unknown." in line.rollback()


def test_a_previous_champion_that_was_deleted_or_rolled_back_is_not_restored(line, client):
    line.put("fair", "best")
    client.set_model_version_tag(line.prod, "1", "rolled_back", "by ana: a drill")
    assert "the previous champion, was rolled back too, by ana: a drill." in line.rollback()
    client.delete_model_version(line.prod, "1")
    assert line.rollback() == (
        f"{line.prod} version 1, the previous champion, was deleted. Promote another version."
    )
    assert line.champion == "2" and "rolled_back" not in line.versions["2"]


def test_a_refusal_goes_to_stderr_without_a_traceback(line, python):
    job = start(python, "promote.py", f"models:/{line.dev}@ghost", line.prod)
    printed, complained = job.communicate(timeout=120)
    assert (job.returncode, printed, complained.count("\n")) == (1, "", 1), complained
