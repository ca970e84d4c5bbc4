"""What promote.py and rollback.py do, refuse, and survive: twice, two at once, cut short half-way."""

import os
import re
import runpy
import subprocess
import sys
import warnings
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
X, y = load_iris(as_frame=True, return_X_y=True)
COLUMNS = list(X.columns)
TRAIN, ROWS = train_test_split(X.assign(species=y), test_size=0.4, random_state=7, stratify=y)
PIP = [f"scikit-learn=={sklearn.__version__}"]
# Accuracy on these rows: 0.80, 0.8833, 0.9667, 0.9833.
TOLD = {
    "weak": (COLUMNS[:2], 1.0),
    "fair": (COLUMNS[2:3], 1.0),
    "good": (COLUMNS[2:], 1.0),
    "best": (COLUMNS, 100.0),
}


@pytest.fixture(scope="module")
def client():
    mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
    warnings.filterwarnings("ignore", r"Hint: Inferred schema contains integer column")
    return MlflowClient()


@pytest.fixture(scope="module")
def experiment_id(client):
    """Create an experiment of our own, deleted afterwards."""
    experiment_id = mlflow.set_experiment(f"test-{uuid4().hex[:8]}").experiment_id
    yield experiment_id
    client.delete_experiment(experiment_id)


def fitted(name):
    columns, inverse_strength = TOLD[name]
    scaler = make_column_transformer((StandardScaler(), columns))
    model = make_pipeline(scaler, LogisticRegression(C=inverse_strength))
    return model.fit(TRAIN[COLUMNS], TRAIN["species"])


def log(experiment_id, model, text=None):
    """Log a model in a run, with the held-out rows or another text in their file."""
    with mlflow.start_run(experiment_id=experiment_id):
        mlflow.log_text(ROWS.to_csv(index=False) if text is None else text, HELDOUT)
        return mlflow.sklearn.log_model(
            model, name="model", signature=infer_signature(TRAIN[COLUMNS], y), pip_requirements=PIP
        )


@pytest.fixture(scope="module")
def logged(experiment_id, client):
    """Log the four models once for all tests."""
    return {name: log(experiment_id, fitted(name)) for name in TOLD}


class Line:
    """A registered model in dev and one in production, of the test's own."""

    def __init__(self, client, logged):
        """Make both, empty."""
        self.client, self.logged = client, logged
        self.dev, self.prod = (f"test-{uuid4().hex[:8]}" for _ in range(2))
        for name in (self.dev, self.prod):
            client.create_registered_model(name)

    def register(self, model):
        """Register a logged model in dev, and return its address there."""
        info = self.logged[model] if isinstance(model, str) else model
        version = self.client.create_model_version(
            self.dev, info.model_uri, run_id=info.run_id, model_id=info.model_id
        )
        return f"models:/{self.dev}/{version.version}"

    def promote(self, candidate, target=None):
        """Run promote.py in this process; return what it exits with: None is 0."""
        return left("promote.py", candidate, self.prod if target is None else target)

    def put(self, *models):
        """Make them production's champions one after the other, as promote.py leaves them."""
        for model in models:
            tags = {"replaces": self.champion or "none"}
            info = self.logged[model]
            version = self.client.create_model_version(
                self.prod, self.register(model), run_id=info.run_id, tags=tags
            )
            self.client.set_registered_model_alias(self.prod, "champion", version.version)

    def rollback(self, *arguments):
        """Run rollback.py in this process; return what it exits with: None is 0."""
        return left("rollback.py", self.prod, *arguments)

    @property
    def champion(self):
        """The number of production's champion, or None."""
        return self.client.get_registered_model(self.prod).aliases.get("champion")

    @property
    def versions(self):
        """Tags of production's versions by number."""
        versions = self.client.search_model_versions(f"name = '{self.prod}'")
        return {version.version: version.tags for version in versions}

    def answers_like(self, name):
        """Tell whether production's champion predicts what this model predicts."""
        champion = mlflow.pyfunc.load_model(f"models:/{self.prod}@champion")
        expected = fitted(name).predict(ROWS[COLUMNS])
        return (champion.predict(ROWS[COLUMNS]) == expected).all()


def left(script, *arguments):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [script, *arguments])
        try:
            runpy.run_path(str(FOLDER / script), run_name="__main__")
        except SystemExit as end:
            return end.code
    return None


def start(python, script, *arguments):
    """Start a script as a CI job does, without waiting for it."""
    # set_experiment leaves the tests' own experiment here, for the processes they start.
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
    client.set_registered_model_alias(line.dev, "candidate", best.rpartition("/")[2])
    capsys.readouterr()
    assert line.promote(f"models:/{line.dev}@candidate") is None
    assert capsys.readouterr().out == (
        f"{best} is promoted already: {line.prod} version 2 is the champion.\n"
    )
    assert line.versions == before
    # The one before is no better than the champion.
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
    ("candidate", "target", "says"),
    [
        ("", "{prod}", "'' names no model version. Give models:/<name>/<version> or "),
        ("{dev}", "{prod}", "names no model version."),
        ("models:/{dev}", "{prod}", "names no model version."),
        ("models:/{dev}/", "{prod}", "names no model version."),
        ("models:/{dev}/latest", "{prod}", "names no model version."),
        ("models:/{dev}/99999999999999999999", "{prod}", "names no model version."),
        ("models:/m-0123", "{prod}", "names no model version."),
        ("runs:/0123/model", "{prod}", "names no model version."),
        ("models:/{dev}/99", "{prod}", "version=99) not found. Register a version first, or "),
        ("models:/{dev}@ghost", "{prod}", "Registered model alias ghost not found. Register a ver"),
        ("models:/{dev}x/1", "{prod}", "not found. Register a version first, or correct the addr"),
        ("models:/{dev}x@candidate", "{prod}", "Registered Model with name={dev}x not found. Reg"),
        ("models:/{dev}/1", "{prod}x", "There is no registered model '{prod}x' to promote to, but"),
        ("models:/{dev}/1", "", "There is no registered model '' to promote to, but "),
        ("models:/{dev}/1", "{dev}", "{dev} is where the candidate is already. Name the next env"),
    ],
)
def test_wrong_arguments_get_one_line_that_names_the_remedy(line, candidate, target, says):
    line.register("best")
    names = {"dev": line.dev, "prod": line.prod}
    message = line.promote(candidate.format(**names), target.format(**names))
    assert says.format(**names) in message
    assert "\n" not in message
    assert line.versions == {}


@pytest.mark.parametrize("script", ["promote.py", "rollback.py"])
def test_wrong_usage_is_argparse_s_own_2(script, capsys):
    assert left(script, "a", "b", "c") == 2
    assert "usage:" in capsys.readouterr().err


def test_a_mistyped_target_creates_nothing(line, client):
    line.promote(line.register("best"), f"{line.prod}x")
    assert client.search_registered_models(f"name = '{line.prod}x'") == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is no table of rows with the column species: No columns to parse from file"),
        ("a,b\n1,2\n", "is no table of rows with the column species: "),
        ("species,predicted\n", "with the column species: there is no row in it"),
        ("a,species\n1,2\n", "does not answer to the held-out rows. MlflowException: Failed to en"),
    ],
)
def test_held_out_rows_that_are_none_are_refused(line, experiment_id, text, says):
    message = line.promote(line.register(log(experiment_id, fitted("best"), text)))
    assert says in message
    assert "\n" not in message


def test_without_held_out_rows_a_version_is_refused(line, client, experiment_id):
    with mlflow.start_run(experiment_id=experiment_id) as run:
        info = mlflow.sklearn.log_model(fitted("best"), name="model", pip_requirements=PIP)
    message = line.promote(line.register(info))
    assert message == (
        f"The run {run.info.run_id} behind models:/{line.dev}/1 recorded no evaluation/heldout.csv, "
        "so there is nothing to judge it by. Log the held-out rows there, with the true species."
    )


def test_a_version_without_a_run_is_refused(line):
    address = line.register(
        mlflow.sklearn.log_model(fitted("best"), name="model", pip_requirements=PIP)
    )
    assert line.promote(address) == (
        f"{address} was logged outside of any run: log it, and {HELDOUT}, in one."
    )


def test_a_deleted_run_is_named_with_the_command_that_restores_it(line, client, experiment_id):
    info = log(experiment_id, fitted("best"))
    address = line.register(info)
    client.delete_run(info.run_id)
    message = line.promote(address)
    assert message.startswith(f"The run behind {address} was deleted")
    command = message.partition("bring it back: mlflow ")[2].split()
    assert CliRunner().invoke(cli, command).exit_code == 0
    assert line.promote(address) is None


@pytest.mark.parametrize("path", [None, "model.skops"])
def test_a_model_whose_files_are_gone_is_refused(line, experiment_id, path):
    info = log(experiment_id, fitted("best"))
    address = line.register(info)
    get_artifact_repository(info.artifact_path).delete_artifacts(path)
    message = line.promote(address)
    assert message.startswith("Refused: ") and address in message
    assert "\n" not in message
    assert line.versions == {}


def test_a_deleted_logged_model_is_still_judged_through_its_version(line, client, experiment_id):
    info = log(experiment_id, fitted("best"))
    address = line.register(info)
    client.delete_logged_model(info.model_id)
    assert line.promote(address) is None
    assert line.answers_like("best")


def test_a_copy_of_a_copy_is_known_to_be_the_same_model(line, client, capsys):
    address = line.register("best")
    qa = f"test-{uuid4().hex[:8]}"
    client.create_registered_model(qa)
    try:
        assert line.promote(address, qa) is None
        assert line.promote(f"models:/{qa}@champion") is None
        assert line.promote(address) is None
    finally:
        client.delete_registered_model(qa)
    assert "is promoted already" in capsys.readouterr().out
    assert list(line.versions) == ["1"]


def test_another_model_of_the_same_run_under_the_same_number_is_not_taken_for_the_same(
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


def test_two_models_with_a_module_of_one_name_are_each_measured_with_their_own(
    line, experiment_id, tmp_path, monkeypatch
):
    rules = {"constant": "0 * petal", "rule": "(petal > 2.5).astype(int) + (petal > 4.8)"}
    for name, rule in rules.items():
        folder = tmp_path / name
        folder.mkdir()
        (folder / "petal_rule.py").write_text(f"def species(petal):\n    return {rule}\n")
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


def test_two_at_once_end_with_one_champion_and_one_copy(line, python):
    address = line.register("best")
    for job in [start(python, "promote.py", address, line.prod) for _ in range(2)]:
        printed, complained = job.communicate(timeout=120)
        assert (job.returncode, complained) == (0, ""), printed + complained
        assert "promoted" in printed
    assert list(line.versions) == [line.champion]
    assert line.versions[line.champion]["replaces"] == "none"
    assert line.answers_like("best")


def meanwhile(monkeypatch, method, before=None, after=None):
    """Let something happen just before or after the script's first call of a client's method."""
    real, happened = getattr(MlflowClient, method), []

    def call(self, *arguments, **named):
        first = not happened
        happened.append(method)
        if before and first:
            before()
        answer = real(self, *arguments, **named)
        if after and first:
            after()
        return answer

    monkeypatch.setattr(MlflowClient, method, call)


def test_of_two_copies_made_at_once_the_older_is_taken_and_the_other_removed(line, monkeypatch):
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


def test_a_promotion_cut_short_before_the_alias_is_finished_by_the_next_call(line, monkeypatch):
    address = line.register("best")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        meanwhile(patch, "create_model_version", after=killed)
        line.promote(address)
    evidence = line.versions["1"]
    assert evidence["gate"] == "passed: accuracy = 0.9833" and evidence["replaces"] == "none"
    assert line.champion is None
    assert line.promote(address) is None
    assert (line.champion, line.versions) == ("1", {"1": evidence})


def test_a_copy_left_behind_for_another_champion_is_not_taken(line, client):
    line.put("weak")
    address = line.register("best")
    run_id = line.logged["best"].run_id
    client.create_model_version(line.prod, address, run_id=run_id, tags={"replaces": "1"})
    line.put("fair")
    assert line.promote(address) is None
    assert line.champion == "4"
    assert line.versions["4"]["replaces"] == "3"


def test_a_champion_that_another_call_made_meanwhile_is_not_overruled(line, monkeypatch):
    line.put("fair")
    address = line.register("good")
    with monkeypatch.context() as patch:
        meanwhile(patch, "create_model_version", before=lambda: line.put("best"))
        assert line.promote(address) == (
            f"Meanwhile {line.prod} got another champion than {address} was compared with. "
            "Call again."
        )
    assert line.champion == "2"
    assert "minimum absolute change check failed" in line.promote(address)


def test_what_was_rolled_back_meanwhile_is_not_promoted_again(line, monkeypatch):
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


def test_a_version_rolled_back_in_dev_is_not_promoted(line, client):
    address = line.register("best")
    client.set_model_version_tag(line.dev, "1", "rolled_back", "by ana: a drill")
    assert f"{line.dev} version 1 was rolled back, by ana: a drill." in line.promote(address)


def test_a_roll_back_brings_the_earlier_predictions_and_leaves_a_trace(line, capsys):
    line.put("fair", "best")
    assert line.answers_like("best")
    assert line.rollback("--why", "a drill") is None
    assert capsys.readouterr().out == (
        f"models:/{line.prod}@champion is version 1 again, no longer 2\n"
    )
    assert line.champion == "1" and line.answers_like("fair")
    trace = line.versions["2"]["rolled_back"]
    assert re.fullmatch(r"[0-9-]{10} [0-9:]{8} UTC by .+: a drill", trace)
    # Again: neither forward to the broken version nor back any further.
    assert line.rollback() is None
    assert f"rolled back already, from version 2 to 1, {trace}" in capsys.readouterr().out
    assert (line.champion, line.versions["2"]["rolled_back"]) == ("1", trace)
    assert line.rollback("--from", "2") is None
    assert line.rollback("--from", "1") == (
        f"{line.prod} version 1 is its first champion: nothing to roll back to."
    )
    assert line.champion == "1"


def test_from_goes_back_further_and_only_from_the_champion(line):
    line.put("fair", "good", "best")
    assert line.rollback("--from", "2") == (
        f"The champion of {line.prod} is version 3, not 2: nothing to roll back."
    )
    assert line.rollback() is None and line.champion == "2"
    assert line.rollback("--from", "2") is None and line.champion == "1"
    assert line.rollback() is None and line.champion == "1"


def test_what_is_promoted_after_a_roll_back_can_be_rolled_back_too(line):
    line.put("fair", "good")
    assert line.rollback() is None
    line.put("best")
    assert line.champion == "3"
    assert line.rollback() is None
    assert line.champion == "1"


def test_two_roll_backs_at_once_go_back_once(line, monkeypatch, python):
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


def test_a_roll_back_that_was_cut_short_is_finished_by_the_next_call(line, monkeypatch):
    line.put("fair", "best")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        meanwhile(patch, "set_registered_model_alias", before=killed)
        line.rollback()
    assert line.champion == "2"
    assert line.rollback() is None
    assert line.champion == "1"
    assert line.rollback() is None
    assert line.champion == "1"


def test_nothing_to_roll_back_to_is_said(line, client):
    none = "has no champion to roll back: "
    assert line.rollback() == f"'{line.prod}' {none}Registered model alias champion not found."
    assert none in left("rollback.py", f"{line.prod}x")
    assert none in left("rollback.py", "")
    by_hand = client.copy_model_version(line.register("fair"), line.prod)
    client.set_registered_model_alias(line.prod, "champion", by_hand.version)
    assert "version 1 has no tag replaces, so nothing says what was before." in line.rollback()


def test_a_champion_before_that_is_deleted_or_was_broken_too_is_not_gone_back_to(line, client):
    line.put("fair", "best")
    client.set_model_version_tag(line.prod, "1", "rolled_back", "by ana: a drill")
    assert "the champion before, was itself rolled back, by ana: a drill." in line.rollback()
    client.delete_model_version(line.prod, "1")
    assert line.rollback() == (
        f"{line.prod} version 1, the champion before, was deleted: promote another one."
    )
    assert line.champion == "2" and "rolled_back" not in line.versions["2"]


def test_a_refusal_goes_to_stderr_without_a_traceback(line, python):
    job = start(python, "promote.py", f"models:/{line.dev}@ghost", line.prod)
    printed, complained = job.communicate(timeout=120)
    assert (job.returncode, printed, complained.count("\n")) == (1, "", 1), complained
