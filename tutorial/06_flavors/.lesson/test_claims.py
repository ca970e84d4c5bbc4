"""What lesson 06 and its reference say and no script prints, for the frameworks that are installed here."""

import inspect
import logging
import re
import runpy
import subprocess
import sys
import warnings
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from mlflow.pyfunc import PythonModel
from sklearn.base import clone

from tests.inside.sandbox import copy_under_other_names, remove_everything
from tests.support.known import assert_known

HERE = Path(__file__).parents[1]
# The four log_*.py, in a lab or in a copy of the lesson.
EXAMPLES = HERE.parents[1] / "examples" / HERE.name
REFERENCE = (HERE / "REFERENCE.md").read_text(encoding="utf-8")
MODULES = {
    "sklearn": "sklearn",
    "xgboost": "xgboost",
    "pytorch": "torch",
    "tensorflow": "tensorflow",
}
FRAMEWORKS = [name for name, module in MODULES.items() if find_spec(module)]


def needs(*frameworks):
    """Define a test for each of these frameworks that is installed. The trainer `flavors` has all of them."""
    there = [framework for framework in frameworks if framework in FRAMEWORKS]
    return pytest.mark.parametrize("framework", there) if there else lambda test: None


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Run copies of the log_*.py whose frameworks are installed. Afterwards remove everything that they made."""
    folder = tmp_path_factory.mktemp("lesson")
    prefix = copy_under_other_names(folder, only="06_flavors")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_OUTPUT", str(folder / "output"))
        copies = folder / "examples" / f"{prefix}_06_flavors"
        files = {f: copies / f"log_{f}.py" for f in FRAMEWORKS}
        yield {framework: runpy.run_path(str(file)) for framework, file in files.items()}
    remove_everything(prefix)


@pytest.fixture(scope="module", autouse=True)
def client(made):
    """Work in an experiment that is deleted afterwards. Set it after the log_*.py, which set theirs."""
    experiment = mlflow.set_experiment(f"test-{uuid4().hex[:8]}")
    client = mlflow.MlflowClient()
    yield client
    client.delete_experiment(experiment.experiment_id)


def table():
    """Return the table of what differs, by its first column and then by framework."""
    lines = re.findall(r"^\| (.*) \|$", REFERENCE, flags=re.MULTILINE)
    start = next(n for n, line in enumerate(lines) if "Module" in line)
    rows = [line.split(" | ") for line in lines[start:]]
    return {
        row[0].replace("`", ""): dict(zip(MODULES, row[1:], strict=True))
        for row in rows
        if len(row) == 5
    }


TABLE = table()


def says(row, framework):
    return TABLE[row][framework].replace("`", "")


def cells(framework):
    text = (EXAMPLES / f"log_{framework}.py").read_text(encoding="utf-8")
    # The cells of code. The first cell, which is text, says which framework it is.
    matches = re.findall(r"^# %% (?!\[)(.+)\n((?s:.*?))(?=^# %%|\Z)", text, flags=re.MULTILINE)
    return {name: cell.strip() for name, cell in matches}


@pytest.mark.parametrize("framework", list(MODULES)[1:])
def test_the_four_files_differ_only_in_imports_and_model(framework):
    first, second = cells("sklearn"), cells(framework)
    assert list(first) == list(second)
    differ = [name for name in first if first[name] != second[name]]
    assert differ == ["Imports", "The model"]
    for name in set(first) - set(differ):
        assert f'"{name}"' in REFERENCE


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_model_predicts_the_same_after_loading(made, framework):
    file = made[framework]
    # PyTorch's graph may add numbers in another order.
    same = np.allclose if framework == "pytorch" else np.array_equal
    assert list(file["answers_after_loading"]) == file["same"]
    for answers in file["answers_after_loading"].values():
        assert same(answers, file["answers"])


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_table_has_module_file_and_signature(made, framework):
    file = made[framework]
    assert file["flavor"].__name__ == says("Module", framework)
    assert file["file"].relative_to(file["folder"]).as_posix() == says("File", framework)
    # What log_*.py logs, and the other kind of signature.
    columns = infer_signature(file["heldout"], file["answers"])
    tensor = infer_signature(file["heldout"].to_numpy("float32", copy=True), file["answers"])
    possible = []
    for kind, signature in (("columns", columns), ("a tensor", tensor)):
        arguments = file["details"] | {"signature": signature, "metadata": None}
        try:
            file["flavor"].log_model(file["model"], name="model", **arguments)
            possible.append(kind)
        except MlflowException as error:
            assert "TensorSpec" in str(error)
    assert " or ".join(possible) == says("Kind of signature", framework).removesuffix(" (pt2)")


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("sent", ["float64 DataFrame", "float32 DataFrame", "float32 array"])
def test_the_table_says_what_a_model_accepts(made, framework, sent):
    accepted = sent in made[framework]["outcomes"]["accepts"]
    assert says(f"Accepts a {sent}", framework) == ("yes" if accepted else "no")


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_table_says_what_happens_to_columns_in_another_order(made, framework):
    outcome = {"right answers": "accepts", "wrong answers": "misreads"}[
        says("Columns in another order", framework)
    ]
    assert "other order" in made[framework]["outcomes"][outcome]


def assert_silent(model, payload):
    """Assert that a prediction gives no warning, and return it."""
    messages = []
    handler = logging.Handler()
    handler.emit = lambda record: messages.append(record.getMessage())
    logger = logging.getLogger("mlflow")
    before = logger.level
    logger.addHandler(handler)
    # The log_*.py make it quiet.
    logger.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            answers = model.predict(payload)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
    assert messages == []
    return answers


@needs("pytorch", "tensorflow")
def test_a_tensor_in_another_order_gives_no_warning(made, framework):
    assert_silent(made[framework]["generic"], made[framework]["rows"][:, ::-1].copy())


def test_scikit_learn_with_a_tensor_answers_wrong_without_a_warning(made):
    file = made["sklearn"]
    array = file["X"].to_numpy("float32", copy=True)
    info = mlflow.sklearn.log_model(
        clone(file["model"]).fit(array, file["y"]),
        name="model",
        signature=infer_signature(array, file["y"].to_numpy()),
        pip_requirements=[],
    )
    model, frame = mlflow.pyfunc.load_model(info.model_uri), file["frame"]
    right = assert_silent(model, frame)
    wrong = assert_silent(model, frame[frame.columns[::-1]])
    assert (right == file["answers"]).mean() > 0.9
    assert (wrong == file["answers"]).mean() < 0.5


@needs("pytorch")
def test_pytorch_warns_about_the_memory_of_a_dataframe(made, framework):
    # PyTorch warns once in each process.
    code = (
        "import numpy, torch; rows = numpy.ones((2, 4), numpy.float32); rows.flags.writeable = False; "
        "torch.from_numpy(rows)"
    )
    ran = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True)
    assert_known(ran.stderr, "array_not_writable")


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_metadata_has_the_order_of_the_columns(made, framework):
    order = made[framework]["generic"].metadata.metadata["columns"]
    assert order == list(made[framework]["heldout"].columns)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_table_says_what_the_native_loader_returns(made, framework):
    native, model = made[framework]["native"], made[framework]["model"]
    said = says("The native loader returns", framework)
    if framework == "pytorch":
        from torch.fx import GraphModule

        assert isinstance(native, GraphModule) and not isinstance(native, type(model))
        assert said == "a GraphModule, without the class"
    else:
        assert type(native) is type(model)
        assert said == ("the Keras model" if framework == "tensorflow" else "the estimator")


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_table_says_what_pyfunc_calls(made, framework):
    parameters = inspect.signature(made[framework]["flavor"].log_model).parameters
    said = says("pyfunc's predict calls", framework)
    if "pyfunc_predict_fn" in parameters:
        assert said == "predict, or the method in pyfunc_predict_fn"
    else:
        assert said == ("the module itself" if framework == "pytorch" else "predict")
    if framework == "xgboost":
        quoted("mlflow.xgboost has no argument pyfunc_predict_fn")


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_table_says_whether_an_input_example_is_required(made, framework):
    file = made[framework]
    arguments = file["details"] | {"input_example": None}
    said = says("input_example", framework)
    assert said in ("required, at least two rows", "optional")
    if said != "optional":
        with pytest.raises(MlflowException) as refused:
            file["flavor"].log_model(file["model"], name="model", **arguments)
        assert_known(str(refused.value), "example_required")
    else:
        file["flavor"].log_model(file["model"], name="model", **arguments)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_table_says_what_pip_requirements_must_list(made, framework):
    names = [package.partition("==")[0] for package in made[framework]["packages"]]
    said = says("pip_requirements lists", framework)
    expected = {
        "xgboost": "xgboost-cpu; for XGBClassifier also scikit-learn",
        "pytorch": "torch; without +debian in the version",
    }
    assert said == expected.get(framework, names[0])
    assert [name for name in names if name not in said] == []
    # MLflow adds only itself.
    assert made[framework]["packages"] == [
        line
        for line in Path(mlflow.pyfunc.get_model_dependencies(made[framework]["info"].model_uri))
        .read_text()
        .splitlines()
        if not line.startswith("mlflow==")
    ]


@needs("xgboost", "tensorflow")
def test_without_pip_requirements_mlflow_lists_two_packages_where_one_is_installed(made, framework):
    [installed] = {name.replace("_", "-") for name in packages_distributions()[framework]}
    file = made[framework]
    arguments = {k: v for k, v in file["details"].items() if k != "pip_requirements"}
    info = file["flavor"].log_model(file["model"], name="model", **arguments)
    guessed = Path(mlflow.pyfunc.get_model_dependencies(info.model_uri)).read_text()
    names = {line.partition("==")[0] for line in guessed.splitlines()}
    assert {installed, framework} <= names


@needs("xgboost")
def test_an_xgbclassifier_cannot_be_loaded_without_scikit_learn(made, framework):
    # None in sys.modules makes Python refuse the import.
    code = (
        "import sys; sys.modules['sklearn'] = None; import mlflow.xgboost; "
        f"mlflow.xgboost.load_model({made['xgboost']['info'].model_uri!r})"
    )
    ran = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True)
    assert "sklearn" in ran.stderr.splitlines()[-1]


def quoted(words):
    """Return these words after checking that the reference has them."""
    assert words in REFERENCE.replace("`", "")
    return words


def refusal(model, data, **arguments):
    """Return MLflow's message when it rejects these data."""
    with pytest.raises(MlflowException) as refused:
        model.predict(data, **arguments)
    return str(refused.value).rpartition("Error: ")[2]


def test_scikit_learn_s_pyfunc_calls_the_method_in_pyfunc_predict_fn(made):
    file = made["sklearn"]
    info = mlflow.sklearn.log_model(
        file["model"], name="model", pip_requirements=[], pyfunc_predict_fn="predict_proba"
    )
    answers = mlflow.pyfunc.load_model(info.model_uri).predict(file["heldout"])
    assert np.array_equal(answers, file["model"].predict_proba(file["heldout"]))


@needs("tensorflow")
def test_tensorflow_accepts_no_columns(made, framework):
    file = made["tensorflow"]
    signature = infer_signature(file["frame"], file["answers"])
    with pytest.raises(MlflowException) as refused:
        mlflow.tensorflow.log_model(file["model"], name="model", signature=signature)
    assert_known(str(refused.value), "columns_for_tensorflow")


@needs("pytorch")
def test_an_example_of_one_row_makes_a_pt2_that_takes_only_one_row(made, framework):
    file = made["pytorch"]
    arguments = file["details"] | {"input_example": file["rows"][:1]}
    info = mlflow.pytorch.log_model(file["model"], name="model", **arguments)
    model = mlflow.pyfunc.load_model(info.model_uri)
    assert np.allclose(model.predict(file["rows"][:1]), file["answers"][:1])
    with pytest.raises(Exception, match="shape"):
        model.predict(file["rows"][:2])


@needs("pytorch")
def test_pickled_pytorch_keeps_the_class_takes_columns_and_gives_a_warning(
    made, framework, monkeypatch
):
    from torch import nn

    file, messages = made["pytorch"], []
    monkeypatch.setattr("mlflow.pytorch._logger.warning", lambda text, *_: messages.append(text))
    model = nn.Sequential(nn.Linear(4, 3))
    arguments = {
        "signature": infer_signature(file["heldout"], file["answers"]),
        "serialization_format": "pickle",
        "pip_requirements": file["packages"],
    }
    info = mlflow.pytorch.log_model(model, name="model", **arguments)
    assert "execute arbitrary code" in " ".join(messages)
    assert type(mlflow.pytorch.load_model(info.model_uri)) is nn.Sequential
    mlflow.pyfunc.load_model(info.model_uri).predict(file["heldout"])


@pytest.fixture(scope="module")
def members(made, client):
    """Register two models with an alias. Delete them afterwards."""
    names = {framework: f"test-{uuid4().hex[:8]}" for framework in ("sklearn", "xgboost")}
    for framework, name in names.items():
        mlflow.register_model(made[framework]["info"].model_uri, name)
        client.set_registered_model_alias(name, "champion", "1")
    yield names
    for name in names.values():
        client.delete_registered_model(name)


def log_committee(made, members, address):
    rows, model = made["sklearn"]["heldout"], made["sklearn"]["model"]
    return mlflow.pyfunc.log_model(
        name="model",
        python_model=str(HERE / "committee.py"),
        artifacts={framework: f"models:/{name}{address}" for framework, name in members.items()},
        signature=infer_signature(rows, model.predict_proba(rows), params={"weight": 0.5}),
        pip_requirements=[],
    )


def test_a_model_of_two_models_has_copies_of_their_files_and_their_addresses(made, members, client):
    rows = made["sklearn"]["heldout"]
    info = log_committee(made, members, "/1")
    alias_info = log_committee(made, members, "@champion")
    for which, address in ((info, "/1"), (alias_info, "@champion")):
        artifacts = which.flavors["python_function"]["artifacts"]
        assert {a["uri"] for a in artifacts.values()} == {
            f"models:/{name}{address}" for name in members.values()
        }
    before = mlflow.pyfunc.load_model(alias_info.model_uri).predict(rows)
    # Another champion, which answers differently.
    other_model = clone(made["sklearn"]["model"]).fit(rows, np.roll(made["sklearn"]["truth"], 20))
    other_info = mlflow.sklearn.log_model(other_model, name="model", pip_requirements=[])
    second = mlflow.register_model(other_info.model_uri, members["sklearn"])
    client.set_registered_model_alias(members["sklearn"], "champion", second.version)
    after = mlflow.pyfunc.load_model(alias_info.model_uri).predict(rows)
    assert np.array_equal(before, after)


def test_a_model_from_code_contains_the_file_and_no_pickle(made, members):
    folder = Path(mlflow.artifacts.download_artifacts(log_committee(made, members, "/1").model_uri))
    assert (folder / "committee.py").read_text() == (HERE / "committee.py").read_text()
    assert not list(folder.rglob("*.pkl"))


def test_get_raw_model_returns_the_native_model(made):
    file = made["sklearn"]
    raw = file["generic"].get_raw_model()
    expected = file["model"].predict_proba(file["heldout"])
    assert np.array_equal(raw.predict_proba(file["heldout"]), expected)


@pytest.mark.parametrize("weight", [-3.0, 1.5, None])
def test_the_committee_rejects_a_weight_that_makes_no_sense(made, members, weight):
    model = mlflow.pyfunc.load_model(log_committee(made, members, "/1").model_uri)
    with pytest.raises(ValueError, match="expected a number from 0 to 1"):
        model.predict(made["sklearn"]["heldout"], params={"weight": weight})


def test_the_committee_weighs_the_probabilities_of_its_two_models(made, members):
    rows = made["sklearn"]["heldout"]
    model = mlflow.pyfunc.load_model(log_committee(made, members, "/1").model_uri)
    one, other = (
        made[framework]["native"].predict_proba(rows) for framework in ("sklearn", "xgboost")
    )
    for weight, expected in ((1.0, one), (0.5, (one + other) / 2), (0.0, other)):
        assert np.allclose(model.predict(rows, params={"weight": weight}), expected)
    assert np.array_equal(model.predict(rows), model.predict(rows, params={"weight": 0.5}))


def test_the_messages_about_a_parameter_are_in_the_reference(made, members, monkeypatch):
    messages = []
    monkeypatch.setattr(
        "mlflow.models.utils._logger.warning", lambda text, *_: messages.append(text)
    )
    model = mlflow.pyfunc.load_model(log_committee(made, members, "/1").model_uri)
    rows = made["sklearn"]["heldout"]
    assert np.array_equal(model.predict(rows, params={"wieght": 0.2}), model.predict(rows))
    assert quoted(
        "Unrecognized params ['wieght'] are ignored for inference. Supported params are: {'weight'}."
    ) in " ".join(messages)
    assert "Can not safely convert" in refusal(model, rows, params={"weight": "0.5"})


@pytest.fixture(scope="module")
def named(made):
    """Log an object of the class of the lesson's step 4, which cloudpickle stores."""

    class NamedSpecies(PythonModel):
        def __init__(self, classifier):
            self.classifier = classifier

        def predict(self, context, model_input: pd.DataFrame, params=None):
            return self.classifier.predict(model_input)

    return mlflow.pyfunc.log_model(
        name="model",
        python_model=NamedSpecies(made["xgboost"]["model"]),
        signature=infer_signature(made["xgboost"]["heldout"], params={"show_probability": False}),
        pip_requirements=[],
    )


def test_an_object_is_stored_with_cloudpickle(named):
    files = mlflow.MlflowClient().list_logged_model_artifacts(named.model_id)
    assert "python_model.pkl" in [file.path for file in files]
    assert "python_model.pkl" in REFERENCE


def test_a_flag_does_not_accept_a_number_or_a_word(made, named):
    model, rows = mlflow.pyfunc.load_model(named.model_uri), made["xgboost"]["heldout"]
    for arguments in ({}, {"params": {"show_probability": True}}):
        assert np.array_equal(model.predict(rows, **arguments), made["xgboost"]["answers"])
    for value in (1, "yes"):
        assert "Can not safely convert" in refusal(model, rows, params={"show_probability": value})


def test_a_model_of_your_own_has_no_native_loader_but_can_be_unwrapped(made, named):
    assert list(named.flavors) == ["python_function"]
    model = mlflow.pyfunc.load_model(named.model_uri)
    classifier = model.unwrap_python_model().classifier
    assert classifier.predict_proba(made["xgboost"]["heldout"]).shape[1] == 3


def test_mlflow_ignores_a_parameter_if_the_signature_has_none(made, monkeypatch):
    messages = []
    monkeypatch.setattr(
        "mlflow.models.utils._logger.warning", lambda text, *_: messages.append(text)
    )
    file = made["xgboost"]
    answers = file["generic"].predict(file["heldout"], params={"at_least": 0.8})
    assert np.array_equal(answers, file["answers"])
    message = (
        "params can only be specified at inference time if the model signature defines a params schema. "
        "This model does not define a params schema."
    )
    assert quoted(message) in " ".join(messages).replace("`", "")


def test_mlflow_warns_about_a_python_model_without_a_type_hint():
    with pytest.warns(UserWarning, match="Add type hints to the `predict` method"):

        class Bare(PythonModel):
            def predict(self, context, model_input, params=None):
                return model_input
