"""What this lesson's page and its REFERENCE.md claim, beyond the outputs that they show.

The outputs of run.py and of the scripts in deeper/ are compared with the two pages elsewhere.
"""

import importlib
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import mlflow
import pytest
import skops.io
import yaml
from mlflow.exceptions import MlflowException
from sklearn.datasets import load_iris
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from tests.inside.python_fixture import python as python

LESSON = Path(__file__).resolve().parents[1]
TREE = "sklearn.tree._tree.Tree"
PIP = {"pip_requirements": ["scikit-learn"]}
CONDA_ENV = {"dependencies": ["python", "pip", {"pip": ["scikit-learn"]}]}


class RunsOnLoad:
    """Creates a file when its pickle is loaded. It stands for any other call."""

    def __init__(self, marker):
        """Take the path of the file to create."""
        self.marker = marker

    def __reduce__(self):
        """Tell pickle which function to call when it loads, and with which arguments."""
        return Path.touch, (self.marker,)


@pytest.fixture(scope="module")
def iris():
    data = load_iris(as_frame=True)
    return data.data, data.target.map(dict(enumerate(data.target_names)))


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
    """Save a model that needs a module of ours, then make Python forget the module."""

    def save(factor, with_code=True, **arguments):
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
                code_paths=[str(source)] if with_code else None,
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
    """Run the lesson after a run that was killed, beside a file of the learner's, without a server's address."""
    home = tmp_path_factory.mktemp("lesson01")
    output = home / "output" / "01_save"
    for killed in ("model", "area_model"):
        (output / killed).mkdir(parents=True)
        (output / killed / "model.skops").write_text("half of a model")
    (output / "notes.txt").write_text("the learner's own")
    # Without an address, MLflow's first request to a server would create a file mlflow.db.
    variables = {"MLFLOW_TRACKING_URI": "", "LAB_OUTPUT": str(home / "output")}
    command = [*python, str(LESSON / "run.py")]
    return home, subprocess.run(
        command, cwd=home, env=os.environ | variables, capture_output=True, text=True, timeout=120
    )


def test_the_lesson_succeeds_after_a_run_that_was_killed(ran):
    _, process = ran
    assert (process.returncode, process.stderr) == (0, "")


def test_the_lesson_needs_no_tracking_server(ran):
    home, _ = ran
    assert not list(home.rglob("mlflow.db"))


def test_the_lesson_removes_only_what_it_saved(ran):
    home, _ = ran
    assert (home / "output" / "01_save" / "notes.txt").read_text() == "the learner's own"


@pytest.mark.parametrize("name", ["model", "area_model"])
def test_both_flavors_of_the_lesson_s_models_predict_the_same_from_a_path_and_a_uri(
    ran, iris, monkeypatch, name
):
    home, _ = ran
    # load_model puts the folder code/ of a model on the path and leaves it there.
    monkeypatch.setattr(sys, "path", list(sys.path))
    path = home / "output" / "01_save" / name
    flowers, _ = iris
    predictions = [
        load_model(uri).predict(flowers).tolist()
        for load_model in (mlflow.sklearn.load_model, mlflow.pyfunc.load_model)
        for uri in (str(path), path.as_uri())
    ]
    sys.modules.pop("petal_features", None)
    assert set(predictions[0]) == {"setosa", "versicolor", "virginica"}
    assert all(others == predictions[0] for others in predictions)


def test_a_saved_folder_belongs_to_no_run(ran):
    home, _ = ran
    info = mlflow.models.get_model_info(str(home / "output" / "01_save" / "model"))
    assert (info.run_id, info.model_id) == (None, None)


def test_the_argument_of_the_signature_names_the_columns_of_input_and_output(ran):
    home, _ = ran
    info = mlflow.models.get_model_info(str(home / "output" / "01_save" / "model"))
    assert info.signature.inputs.input_names() == load_iris().feature_names
    assert [kind.name for kind in info.signature.inputs.input_types()] == ["double"] * 4
    assert [kind.name for kind in info.signature.outputs.input_types()] == ["string"]


def test_get_model_info_reads_only_mlmodel(saved_tree):
    for file in saved_tree.iterdir():
        if file.name != "MLmodel":
            file.unlink()
    assert "sklearn" in mlflow.models.get_model_info(str(saved_tree)).flavors


def test_the_values_of_arguments_are_in_the_files_that_the_reference_names(ran):
    home, _ = ran
    path = home / "output" / "01_save" / "area_model"
    mlmodel = yaml.safe_load((path / "MLmodel").read_text())
    assert {"signature", "metadata", "flavors", "mlflow_version"} <= set(mlmodel)
    trusted = ["petal_features.add_petal_area"]
    assert mlmodel["flavors"]["sklearn"]["skops_trusted_types"] == trusted
    assert mlmodel["flavors"]["sklearn"]["pickled_model"] == "model.skops"
    assert mlmodel["flavors"]["python_function"]["model_path"] == "model.skops"
    assert "python_version" in mlmodel["flavors"]["python_function"]
    packages = (path / "requirements.txt").read_text().split()
    conda = yaml.safe_load((path / "conda.yaml").read_text())
    assert conda["dependencies"][-1] == {"pip": packages}
    assert "python" in yaml.safe_load((path / "python_env.yaml").read_text())
    for name in ("input_example.json", "serving_input_example.json"):
        assert "5.1" in (path / name).read_text()


def test_a_failed_save_makes_mlflow_refuse_the_next_one(tree, tmp_path):
    with pytest.raises(MlflowException, match="The saved sklearn model references untrusted types"):
        mlflow.sklearn.save_model(tree, tmp_path / "tree", **PIP)
    with pytest.raises(MlflowException, match="already exists and is not empty"):
        mlflow.sklearn.save_model(tree, tmp_path / "tree", skops_trusted_types=[TREE], **PIP)


@pytest.mark.parametrize("kind", [RandomForestClassifier, GradientBoostingClassifier])
def test_forests_and_gradient_boosting_models_are_refused_too(iris, tmp_path, kind):
    with pytest.raises(MlflowException, match=re.escape(TREE)):
        mlflow.sklearn.save_model(kind(n_estimators=2).fit(*iris), tmp_path / "model", **PIP)


def test_skops_lists_no_types_of_scikit_learn_s_pipeline(iris, tmp_path):
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(*iris)
    mlflow.sklearn.save_model(model, tmp_path / "model", **PIP)
    assert skops.io.get_untrusted_types(file=tmp_path / "model" / "model.skops") == []


@pytest.mark.parametrize(
    "two",
    [
        {"conda_env": CONDA_ENV, "pip_requirements": ["pandas"]},
        {"conda_env": CONDA_ENV, "extra_pip_requirements": ["pandas"]},
        {"pip_requirements": ["pandas"], "extra_pip_requirements": ["pandas"]},
    ],
    ids=lambda two: " and ".join(two),
)
def test_only_one_list_of_packages_can_be_given(tree, tmp_path, two):
    with pytest.raises(ValueError, match="Only one of"):
        mlflow.sklearn.save_model(tree, tmp_path / "tree", skops_trusted_types=[TREE], **two)
    assert not (tmp_path / "tree").exists()


def test_mlflow_adds_itself_to_a_list_that_does_not_contain_it(tree, tmp_path):
    for name, packages in {"pip": PIP, "conda": {"conda_env": CONDA_ENV}}.items():
        mlflow.sklearn.save_model(tree, tmp_path / name, skops_trusted_types=[TREE], **packages)
        written = (tmp_path / name / "requirements.txt").read_text().split()
        assert written == [f"mlflow=={mlflow.__version__}", "scikit-learn"]


def test_a_code_path_that_does_not_exist_cannot_be_copied(tree, tmp_path, monkeypatch):
    # A relative path starts from the current folder, where the lesson's module is not.
    monkeypatch.chdir(tmp_path)
    message = "Failed to copy the specified code path 'petal_features.py' into the model artifacts."
    with pytest.raises(MlflowException, match=message):
        mlflow.sklearn.save_model(tree, "tree", code_paths=["petal_features.py"], **PIP)
    # The exercise's check reads this state as a failed copy.
    assert list((tmp_path / "tree").iterdir()) == []


def test_cloudpickle_needs_code_paths_too(save_with_module):
    path = save_with_module(2, with_code=False, serialization_format="cloudpickle")
    with pytest.raises(ModuleNotFoundError, match="No module named 'lesson01_module'"):
        mlflow.sklearn.load_model(path)


def test_a_model_in_a_local_folder_is_read_without_a_copy(save_with_module):
    path = save_with_module(2)
    mlflow.sklearn.load_model(path)
    assert Path(sys.modules["lesson01_module"].__file__).is_relative_to(path)


def test_loading_puts_the_model_s_code_first_on_the_search_path(save_with_module):
    path = save_with_module(2)
    mlflow.sklearn.load_model(path)
    assert Path(sys.path[0]) == Path(path, "code")


def test_two_models_with_modules_of_the_same_name_use_the_first_module(save_with_module):
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


def test_one_setting_forbids_loading_in_every_format(saved_tree, monkeypatch):
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    with pytest.raises(MlflowException, match="including models saved in the 'skops' format"):
        mlflow.sklearn.load_model(str(saved_tree))
