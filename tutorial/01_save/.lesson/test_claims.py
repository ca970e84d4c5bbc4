"""What the README of this lesson claims, beyond what run.py asserts itself."""

import importlib
import os
import pickle
import subprocess
import sys
from pathlib import Path

import mlflow
import pytest
from mlflow.exceptions import MlflowException
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier

from tests.inside.python_fixture import python as python

LESSON = Path(__file__).resolve().parents[1]
TREE = "sklearn.tree._tree.Tree"
PIP = {"pip_requirements": ["scikit-learn"]}
CONDA_ENV = {"dependencies": ["python", "pip", {"pip": ["scikit-learn"]}]}


class RunsOnLoad:
    """Makes a file when its pickle is loaded: a harmless stand-in for any other call."""

    def __init__(self, marker):
        """Take the path of the file to make."""
        self.marker = marker

    def __reduce__(self):
        """Tell pickle which function to call on load, and with what."""
        return Path.touch, (self.marker,)


@pytest.fixture(scope="module")
def iris():
    return load_iris(as_frame=True, return_X_y=True)


@pytest.fixture(scope="module")
def tree(iris):
    return DecisionTreeClassifier(max_depth=2, random_state=0).fit(*iris)


@pytest.fixture
def saved_tree(tree, tmp_path):
    path = tmp_path / "tree"
    mlflow.sklearn.save_model(tree, path, skops_trusted_types=[TREE], **PIP)
    return path


@pytest.fixture
def save_with_module(tmp_path, monkeypatch):
    """Save a model that needs a module of ours, then have Python forget the module."""

    def save(factor, ship=True, **arguments):
        source = tmp_path / f"source_{factor}" / "lesson01_module.py"
        source.parent.mkdir()
        source.write_text(f"def scale(x): return {factor} * x\n")
        with monkeypatch.context() as context:
            context.syspath_prepend(source.parent)
            scale = importlib.import_module("lesson01_module").scale
            mlflow.sklearn.save_model(
                FunctionTransformer(scale),
                tmp_path / f"model_{factor}",
                pyfunc_predict_fn="transform",
                code_paths=[str(source)] if ship else None,
                skops_trusted_types=["lesson01_module.scale"],
                **arguments,
                **PIP,
            )
        del sys.modules["lesson01_module"]
        return str(tmp_path / f"model_{factor}")

    # load_model puts the model's code on the path and leaves it there.
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield save
    sys.modules.pop("lesson01_module", None)


@pytest.fixture(scope="module")
def ran(tmp_path_factory, python):
    """Run the lesson after a killed run, beside a file of the learner's, with no server named."""
    home = tmp_path_factory.mktemp("lesson01")
    output = home / "output" / "01_save"
    for killed in ("model", "tree"):
        (output / killed).mkdir(parents=True)
        (output / killed / "model.skops").write_text("half of a model")
    (output / "notes.txt").write_text("the learner's own")
    # An empty address is none: MLflow's first question to it would make a file mlflow.db.
    variables = {"MLFLOW_TRACKING_URI": "", "LAB_OUTPUT": str(home / "output")}
    command = [*python, str(LESSON / "run.py")]
    return home, subprocess.run(
        command, cwd=home, env=os.environ | variables, capture_output=True, text=True, timeout=120
    )


def test_the_lesson_succeeds_after_a_run_that_was_killed(ran):
    _, process = ran
    assert (process.returncode, process.stderr) == (0, "")


def test_the_lesson_asks_no_tracking_server(ran):
    home, _ = ran
    assert not list(home.rglob("mlflow.db"))


def test_the_lesson_removes_only_what_it_made(ran):
    home, _ = ran
    assert (home / "output" / "01_save" / "notes.txt").read_text() == "the learner's own"


def test_a_failed_save_has_the_next_one_refused(tree, tmp_path):
    with pytest.raises(MlflowException, match="The saved sklearn model references untrusted types"):
        mlflow.sklearn.save_model(tree, tmp_path / "tree", **PIP)
    with pytest.raises(MlflowException, match="already exists and is not empty"):
        mlflow.sklearn.save_model(tree, tmp_path / "tree", skops_trusted_types=[TREE], **PIP)


@pytest.mark.parametrize(
    "two",
    [
        {"conda_env": CONDA_ENV, "pip_requirements": ["pandas"]},
        {"conda_env": CONDA_ENV, "extra_pip_requirements": ["pandas"]},
        {"pip_requirements": ["pandas"], "extra_pip_requirements": ["pandas"]},
    ],
    ids=lambda two: " and ".join(two),
)
def test_two_lists_of_packages_are_one_too_many(tree, tmp_path, two):
    with pytest.raises(ValueError, match="Only one of"):
        mlflow.sklearn.save_model(tree, tmp_path / "tree", skops_trusted_types=[TREE], **two)
    assert not (tmp_path / "tree").exists()


def test_mlflow_adds_itself_to_a_list_that_lacks_it(tree, tmp_path):
    for name, packages in {"pip": PIP, "conda": {"conda_env": CONDA_ENV}}.items():
        mlflow.sklearn.save_model(tree, tmp_path / name, skops_trusted_types=[TREE], **packages)
        written = (tmp_path / name / "requirements.txt").read_text().split()
        assert written == [f"mlflow=={mlflow.__version__}", "scikit-learn"]


def test_dst_path_must_exist(saved_tree, tmp_path):
    with pytest.raises(
        MlflowException, match="The destination path for downloaded artifacts does not exist!"
    ):
        mlflow.sklearn.load_model(str(saved_tree), dst_path=str(tmp_path / "nowhere"))


def test_a_folder_that_is_not_there_is_no_such_artifact():
    with pytest.raises(MlflowException, match="No such artifact: 'nowhere'"):
        mlflow.pyfunc.load_model("nowhere")


def test_a_path_object_hides_what_is_wrong():
    with pytest.raises(AttributeError, match="'PosixPath' object has no attribute"):
        mlflow.pyfunc.load_model(Path("nowhere"))


def test_a_function_of_the_script_itself_cannot_be_loaded_elsewhere(tmp_path, monkeypatch):
    # What a script or a notebook defines belongs to a module __main__, and so does this.
    def double(x):
        return 2 * x

    double.__module__, double.__qualname__ = "__main__", "double"
    monkeypatch.setattr(sys.modules["__main__"], "double", double, raising=False)
    mlflow.sklearn.save_model(
        FunctionTransformer(double),
        tmp_path / "model",
        skops_trusted_types=["__main__.double"],
        pyfunc_predict_fn="transform",
        **PIP,
    )
    monkeypatch.undo()
    with pytest.raises(AttributeError, match="module '__main__' has no attribute 'double'"):
        mlflow.sklearn.load_model(str(tmp_path / "model"))


def test_code_paths_is_a_list(tree, tmp_path):
    with pytest.raises(TypeError, match="Argument code_paths should be a list, not <class 'str'>"):
        mlflow.sklearn.save_model(tree, tmp_path / "tree", code_paths="petal_features.py", **PIP)


def test_a_lambda_cannot_be_saved_even_when_trusted(iris, tmp_path):
    model = make_pipeline(FunctionTransformer(lambda x: x), DecisionTreeClassifier()).fit(*iris)
    words = (
        "The sklearn model could not be serialized in the skops serialization format. skops does not "
        "support custom functions or classes that are not defined at the top level."
    )
    with pytest.raises(MlflowException, match=words):
        mlflow.sklearn.save_model(
            model,
            tmp_path / "model",
            skops_trusted_types=[TREE, f"{__name__}.<lambda>"],
            **PIP,
        )


def test_cloudpickle_needs_code_paths_too(save_with_module):
    path = save_with_module(2, ship=False, serialization_format="cloudpickle")
    with pytest.raises(ModuleNotFoundError, match="No module named 'lesson01_module'"):
        mlflow.sklearn.load_model(path)


def test_a_local_model_is_read_where_it_is(save_with_module):
    path = save_with_module(2)
    mlflow.sklearn.load_model(path)
    assert Path(sys.modules["lesson01_module"].__file__).is_relative_to(path)


def test_of_two_modules_with_one_name_a_process_uses_the_first(save_with_module):
    doubling, tripling = save_with_module(2), save_with_module(3)
    assert mlflow.sklearn.load_model(doubling).transform(10) == 20
    assert mlflow.sklearn.load_model(tripling).transform(10) == 20  # and not 30


def test_loading_a_pickled_model_runs_what_its_author_put_there(tree, tmp_path):
    mlflow.sklearn.save_model(tree, tmp_path / "model", serialization_format="pickle", **PIP)
    marker = tmp_path / "was here"
    (tmp_path / "model" / "model.pkl").write_bytes(pickle.dumps(RunsOnLoad(marker)))
    assert not marker.exists()
    mlflow.sklearn.load_model(str(tmp_path / "model"))
    assert marker.exists()


def test_the_list_of_trusted_types_is_read_from_the_model_itself(saved_tree):
    mlmodel = saved_tree / "MLmodel"
    trusting = mlmodel.read_text()
    mlmodel.write_text(trusting.replace(f"    - {TREE}\n", "").replace("types:", "types: []"))
    with pytest.raises(Exception, match="Untrusted types found in the file"):
        mlflow.sklearn.load_model(str(saved_tree))
    mlmodel.write_text(trusting)
    mlflow.sklearn.load_model(str(saved_tree))


def test_one_variable_forbids_loading_in_every_format(saved_tree, monkeypatch):
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    with pytest.raises(MlflowException, match="including models saved in the 'skops' format"):
        mlflow.sklearn.load_model(str(saved_tree))
