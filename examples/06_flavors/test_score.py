"""score.py scores models of any framework with one loader, and prints one clear message if it cannot."""

import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import mlflow
import numpy as np
import pytest
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from tests.inside.scripts import run_here

SCRIPT = Path(__file__).parent / "score.py"
X, y = load_iris(as_frame=True, return_X_y=True)


def score(*words):
    """Run the script with these arguments in this process, because the imports take most of the time."""
    return run_here(SCRIPT, *words)


def score_as_process(*words):
    """Run the script with these arguments as a learner does."""
    command = [sys.executable, str(SCRIPT), *map(str, words)]
    return subprocess.run(command, text=True, capture_output=True)


def one_message(ran, *words):
    """Assert that a run failed with one message that contains all these words."""
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr
    assert 0 < len(ran.stderr.strip().splitlines()) <= 3, ran.stderr
    for word in words:
        assert word in ran.stderr, ran.stderr


# Each is logged from a file (models from code).
TENSOR = """
import mlflow
import numpy as np


class Measures(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input: np.ndarray, params=None):
        return np.asarray(model_input)[:, :3]


mlflow.models.set_model(Measures())
"""
FOREIGN = """
import mlflow
import numpy as np


class Foreign(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        import framework_that_nobody_has

    def predict(self, context, model_input: np.ndarray, params=None):
        pass


mlflow.models.set_model(Foreign())
"""


NAMES = """
import mlflow
import numpy as np
import pandas as pd


class Names(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input: pd.DataFrame, params=None):
        return np.array(["unsure"] * len(model_input))


mlflow.models.set_model(Names())
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Register models with columns, with a tensor and with errors. Delete them afterwards."""
    mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
    experiment = mlflow.set_experiment(f"test-{uuid4().hex[:8]}")
    client, names = mlflow.MlflowClient(), {}
    array = X.to_numpy("float32", copy=True)
    both = {"metadata": {"columns": list(X.columns)}, "name": "model"}
    infos = {
        "columns": mlflow.sklearn.log_model(
            LogisticRegression(max_iter=500).fit(X, y),
            signature=infer_signature(X, y),
            pip_requirements=["scikit-learn"],
            **both,
        )
    }
    for kind, code, needs in (
        ("tensor", TENSOR, []),
        ("foreign", FOREIGN, ["framework==1.0"]),
        ("names", NAMES, []),
        ("wild", NAMES.replace('["unsure"]', "[7]"), []),
        ("broken", NAMES.replace("np.array", "np.nothing"), []),
    ):
        file = tmp_path_factory.mktemp("code") / "model.py"
        file.write_text(code)
        infos[kind] = mlflow.pyfunc.log_model(
            python_model=str(file),
            signature=infer_signature(X if "pd.DataFrame" in code else array),
            pip_requirements=needs,
            **both,
        )
    for kind, info in infos.items():
        names[kind] = f"test-{uuid4().hex[:8]}"
        mlflow.register_model(info.model_uri, names[kind])
        # The log_*.py scripts set this tag, too. The tests run a copy of score.py that searches for this value.
        client.set_registered_model_tag(names[kind], "lesson", names["columns"])
        client.set_registered_model_alias(names[kind], "champion", "1")
    yield {kind: f"models:/{name}/1" for kind, name in names.items()}
    for name in names.values():
        client.delete_registered_model(name)
    client.delete_experiment(experiment.experiment_id)


def test_it_calls_models_with_columns_and_with_tensors_in_the_same_way(models):
    ran = score_as_process(models["columns"], models["tensor"])
    assert (ran.returncode, ran.stderr) == (0, "")
    lines = {
        line.split()[0]: line.split()[1:] for line in ran.stdout.splitlines() if "models:/" in line
    }
    assert lines[models["columns"]] == ["setosa"] * 2 + ["versicolor"] + ["virginica"] * 3
    assert lines[models["tensor"]] == ["setosa"] * 6
    assert "2 models agree on 2 of 6 rows" in ran.stdout
    alone = score(models["tensor"])
    assert (alone.returncode, "agree" in alone.stdout) == (0, False)


def test_it_prints_names_as_the_model_answers_them(models):
    ran = score(models["names"])
    assert (ran.returncode, ran.stdout.count("unsure")) == (0, 6)


@pytest.mark.parametrize(
    ("which", "words"),
    [("wild", "The classes of iris are 0, 1 and 2."), ("broken", "AttributeError")],
)
def test_a_model_with_strange_answers_or_an_error_leads_to_one_message(models, which, words):
    one_message(score(models[which]), models[which], words)


def listing(folder, tag):
    """Run a copy of the script that searches for models with another value of the tag."""
    value = "'06_flavors'"
    assert SCRIPT.read_text().count(value) == 1
    copy = folder / "score.py"
    copy.write_text(SCRIPT.read_text().replace(value, f"'{tag}'"))
    return run_here(copy)


def test_without_uris_it_leaves_out_models_whose_framework_is_missing(models, tmp_path):
    name = models["columns"].split("/")[1]
    client = mlflow.MlflowClient()
    for kind in ("wild", "broken"):
        client.delete_registered_model_tag(models[kind].split("/")[1], "lesson")
    ran = listing(tmp_path, name)
    assert (ran.returncode, ran.stderr) == (0, "")
    foreign = models["foreign"].split("/")[1]
    assert f"Left out: models:/{foreign}@champion needs" in ran.stdout
    assert "3 models agree on 0 of 6 rows" in ran.stdout


def test_without_any_model_it_says_what_to_run(tmp_path):
    one_message(listing(tmp_path, "nobody"), "python examples/06_flavors/log_sklearn.py")


def test_a_csv_file_may_have_columns_in_another_order_and_extra_columns(models, tmp_path):
    rows = X.iloc[::30]
    rows.to_csv(tmp_path / "right.csv", index=False)
    rows[rows.columns[::-1]].assign(note="x").to_csv(tmp_path / "other.csv", index=False)
    answers = [
        [line for line in ran.stdout.splitlines() if "models:/" in line]
        for ran in (
            score("--rows", tmp_path / "right.csv", models["tensor"], models["columns"]),
            score("--rows", tmp_path / "other.csv", models["tensor"], models["columns"]),
        )
    ]
    assert len(answers[0]) == 2
    assert answers[0] == answers[1]


def test_the_message_about_a_missing_framework_says_how_to_install_it(models):
    one_message(
        score_as_process(models["columns"], models["foreign"]),
        "framework==1.0",
        "framework_that_nobody_has is not installed here",
        "make lesson-06",
    )


@pytest.mark.parametrize("which", ["tensor", "columns"])
def test_a_float64_array_is_rejected_and_the_message_says_what_to_send(models, tmp_path, which):
    np.save(tmp_path / "rows.npy", X.to_numpy())
    words = {
        "tensor": ["float64 does not match expected dtype float32", "astype('float32')"],
        "columns": ["is missing inputs", "Send a CSV file"],
    }
    one_message(score("--rows", tmp_path / "rows.npy", models[which]), *words[which])


def test_a_model_with_a_tensor_accepts_a_float32_array(models, tmp_path):
    np.save(tmp_path / "rows.npy", X.head(3).to_numpy("float32"))
    assert score("--rows", tmp_path / "rows.npy", models["tensor"]).returncode == 0


@pytest.mark.parametrize("which", ["tensor", "columns"])
def test_the_message_about_a_missing_column_names_it(models, tmp_path, which):
    X.iloc[:, :3].to_csv(tmp_path / "rows.csv", index=False)
    ran = score("--rows", tmp_path / "rows.csv", models[which])
    one_message(ran, f"{models[which]} needs the columns", "petal width (cm)")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("rows.csv", "", "No columns to parse"),
        ("rows.npy", "no array", "Cannot read"),
        ("none.csv", None, "No such file"),
        ("gaps.csv", "a,b\n1,\n", "has missing values"),
        ("short.csv", "a,b\n", "has no rows"),
    ],
)
def test_the_message_about_an_unreadable_file_names_it(models, tmp_path, name, content, words):
    if content is not None:
        (tmp_path / name).write_text(content)
    one_message(score("--rows", tmp_path / name, models["columns"]), words, name, "Give ")


@pytest.mark.parametrize(
    "uri", ["models:/nobody/1", "models:/nobody@champion", "iris", "models:/m-00"]
)
def test_a_uri_that_leads_nowhere_leads_to_one_message(models, uri):
    one_message(score(uri), f"Cannot get predictions from {uri}")
