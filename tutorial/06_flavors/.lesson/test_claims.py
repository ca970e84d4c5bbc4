"""What the README of lesson 06 says beyond what the scripts assert: of the frameworks that are here."""

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
import pytest
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from mlflow.pyfunc import PythonModel
from sklearn.base import clone

from tests.inside.sandbox import copy_under_other_names, remove_everything

HERE = Path(__file__).parents[1]
README = (HERE / "README.md").read_text(encoding="utf-8")
MODULES = {
    "sklearn": "sklearn",
    "xgboost": "xgboost",
    "pytorch": "torch",
    "tensorflow": "tensorflow",
}
FRAMEWORKS = [name for name, module in MODULES.items() if find_spec(module)]


def needs(*frameworks):
    """Define a test for those of these frameworks that are installed, if any; in the trainer `flavors` all are."""
    there = [framework for framework in frameworks if framework in FRAMEWORKS]
    return pytest.mark.parametrize("framework", there) if there else lambda test: None


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Run the four files under other names, as far as their frameworks are here; all they make is removed."""
    folder = tmp_path_factory.mktemp("lesson")
    prefix = copy_under_other_names(folder, only="06_flavors")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_OUTPUT", str(folder / "output"))
        files = {
            f: folder / "tutorial" / f"{prefix}_06_flavors" / f"train_{f}.py" for f in FRAMEWORKS
        }
        yield {framework: runpy.run_path(str(file)) for framework, file in files.items()}
    remove_everything(prefix)


@pytest.fixture(scope="module", autouse=True)
def client(made):
    """Work in an experiment of our own, deleted afterwards; after the four files, which set theirs."""
    experiment = mlflow.set_experiment(f"test-{uuid4().hex[:8]}")
    client = mlflow.MlflowClient()
    yield client
    client.delete_experiment(experiment.experiment_id)


def table():
    """Return the README's table of what differs, by its first column and then by framework."""
    lines = re.findall(r"^\| (.*) \|$", README, flags=re.MULTILINE)
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
    text = (HERE / f"train_{framework}.py").read_text(encoding="utf-8")
    # Of code: the first one tells which framework it is.
    matches = re.findall(r"^# %% (?!\[)(.+)\n((?s:.*?))(?=^# %%|\Z)", text, flags=re.MULTILINE)
    return {name: cell.strip() for name, cell in matches}


@pytest.mark.parametrize("framework", list(MODULES)[1:])
def test_the_files_differ_in_imports_and_model_only(framework):
    first, second = cells("sklearn"), cells(framework)
    assert list(first) == list(second)
    differ = [name for name in first if first[name] != second[name]]
    assert differ == ["Imports", "The model"]
    for name in set(first) - set(differ):
        assert f'"{name}"' in README


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_predictions_are_those_of_the_model_in_memory(made, framework):
    file = made[framework]
    native, generic = file["ask"](file["native"]), file["generic"].predict(file["rows"])
    # PyTorch's graph may add up in another order.
    same = np.allclose if framework == "pytorch" else np.array_equal
    assert same(native, file["answers"]) and same(generic, file["answers"])


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_table_tells_module_file_and_signature(made, framework):
    file = made[framework]
    assert file["flavor"].__name__ == says("Module", framework)
    assert file["file"].relative_to(file["folder"]).as_posix() == says("File", framework)
    # As logged here, and as the flavor would take it as well.
    columns = infer_signature(file["heldout"], file["answers"])
    tensor = infer_signature(file["heldout"].to_numpy("float32", copy=True), file["answers"])
    possible = []
    for kind, signature in (("columns", columns), ("a tensor", tensor)):
        arguments = file["contract"] | {"signature": signature, "metadata": None}
        try:
            file["flavor"].log_model(file["model"], name="model", **arguments)
            possible.append(kind)
        except MlflowException as error:
            assert "TensorSpec" in str(error)
    assert " or ".join(possible) == says("Signature", framework).removesuffix(" (pt2)")


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("sent", ["float64 frames", "float32 frames", "float32 arrays"])
def test_the_table_tells_what_is_taken(made, framework, sent):
    taken = f"a {sent.removesuffix('s')}" in made[framework]["outcomes"]["takes"]
    assert says(f"As here, takes {sent}", framework) == ("yes" if taken else "no")


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_table_tells_what_becomes_of_another_order(made, framework):
    outcome = {"put right": "takes", "misread": "misreads"}[
        says("Columns in another order", framework)
    ]
    assert "another order" in made[framework]["outcomes"][outcome]


@needs("pytorch", "tensorflow")
def test_another_order_gets_wrong_answers_without_a_warning_where_there_are_no_names(
    made, framework
):
    messages = []
    handler = logging.Handler()
    handler.emit = lambda record: messages.append(record.getMessage())
    logger = logging.getLogger("mlflow")
    before = logger.level
    logger.addHandler(handler)
    # The four files silence it.
    logger.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            made[framework]["generic"].predict(made[framework]["rows"][:, ::-1].copy())
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
    assert messages == []


@needs("pytorch")
def test_pytorch_warns_of_a_frame_in_the_words_of_the_readme(made, framework):
    # PyTorch says it once a process.
    code = (
        "import numpy, torch; rows = numpy.ones((2, 4), numpy.float32); rows.flags.writeable = False; "
        "torch.from_numpy(rows)"
    )
    ran = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True)
    words = (
        "UserWarning: The given NumPy array is not writable, and PyTorch does not support "
        "non-writable tensors."
    )
    assert quoted(words) in ran.stderr


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_order_stands_in_the_metadata(made, framework):
    order = made[framework]["generic"].metadata.metadata["columns"]
    assert order == list(made[framework]["heldout"].columns)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_table_tells_what_the_native_loader_returns(made, framework):
    native, model = made[framework]["native"], made[framework]["model"]
    told = says("The native loader returns", framework)
    if framework == "pytorch":
        from torch.fx import GraphModule

        assert isinstance(native, GraphModule) and not isinstance(native, type(model))
        assert told == "a GraphModule, without the class"
    else:
        assert type(native) is type(model)
        assert told == ("the Keras model" if framework == "tensorflow" else "the estimator")


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_table_tells_what_pyfunc_calls(made, framework):
    parameters = inspect.signature(made[framework]["flavor"].log_model).parameters
    told = says("pyfunc's predict calls", framework)
    if "pyfunc_predict_fn" in parameters:
        assert told == "predict, or what pyfunc_predict_fn names"
    else:
        assert told == ("the module itself" if framework == "pytorch" else "predict")
    if framework == "xgboost":
        quoted("mlflow.xgboost has no pyfunc_predict_fn")


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_table_tells_whether_an_input_example_is_needed(made, framework):
    file = made[framework]
    arguments = file["contract"] | {"input_example": None}
    told = says("input_example", framework)
    assert told in ("needed, two rows or more", "optional")
    if told != "optional":
        with pytest.raises(MlflowException) as refused:
            file["flavor"].log_model(file["model"], name="model", **arguments)
        words = "If serialization_format is set to 'pt2', then input_example is required."
        assert quoted(words) in str(refused.value).replace("`", "")
    else:
        file["flavor"].log_model(file["model"], name="model", **arguments)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_table_tells_what_pip_requirements_must_say(made, framework):
    names = [package.partition("==")[0] for package in made[framework]["packages"]]
    told = says("pip_requirements must say", framework)
    expected = {
        "xgboost": "xgboost-cpu, and scikit-learn for XGBClassifier",
        "pytorch": "torch, without +debian",
    }
    assert told == expected.get(framework, names[0])
    assert [name for name in names if name not in told] == []
    # That and MLflow itself is all that is logged.
    assert made[framework]["packages"] == [
        line
        for line in Path(mlflow.pyfunc.get_model_dependencies(made[framework]["info"].model_uri))
        .read_text()
        .splitlines()
        if not line.startswith("mlflow==")
    ]


@needs("xgboost", "tensorflow")
def test_mlflow_s_guess_lists_two_packages_where_one_is_installed(made, framework):
    [installed] = {name.replace("_", "-") for name in packages_distributions()[framework]}
    file = made[framework]
    arguments = {k: v for k, v in file["contract"].items() if k != "pip_requirements"}
    info = file["flavor"].log_model(file["model"], name="model", **arguments)
    guessed = Path(mlflow.pyfunc.get_model_dependencies(info.model_uri)).read_text()
    names = {line.partition("==")[0] for line in guessed.splitlines()}
    assert {installed, framework} <= names


@needs("xgboost")
def test_an_xgbclassifier_cannot_be_loaded_without_scikit_learn(made, framework):
    # Python's own way to forbid an import.
    code = (
        "import sys; sys.modules['sklearn'] = None; import mlflow.xgboost; "
        f"mlflow.xgboost.load_model({made['xgboost']['info'].model_uri!r})"
    )
    ran = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True)
    assert "sklearn" in ran.stderr.splitlines()[-1]


def quoted(words):
    """Return these words of an error after seeing that the README quotes them."""
    assert words in README.replace("`", "")
    return words


def refusal(model, data, **arguments):
    """Return what MLflow says when it refuses these data."""
    with pytest.raises(MlflowException) as refused:
        model.predict(data, **arguments)
    return str(refused.value).rpartition("Error: ")[2]


def test_scikit_learn_s_pyfunc_calls_what_pyfunc_predict_fn_names(made):
    file = made["sklearn"]
    info = mlflow.sklearn.log_model(
        file["model"], name="model", pip_requirements=[], pyfunc_predict_fn="predict_proba"
    )
    answers = mlflow.pyfunc.load_model(info.model_uri).predict(file["heldout"])
    assert np.array_equal(answers, file["model"].predict_proba(file["heldout"]))


def test_a_column_too_few_is_refused_in_the_words_of_the_readme(made):
    message = refusal(made["sklearn"]["generic"], made["sklearn"]["frame"].iloc[:, :3])
    assert message == quoted("Model is missing inputs ['petal width (cm)'].")


@needs("pytorch", "tensorflow")
def test_a_tensor_signature_refuses_in_the_words_of_the_readme(made, framework):
    generic, rows = made[framework]["generic"], made[framework]["rows"]
    message = refusal(generic, rows.astype("float64"))
    assert message == quoted("dtype of input float64 does not match expected dtype float32")
    message = refusal(generic, rows[:, :3])
    assert message == quoted("Shape of input (60, 3) does not match expected shape (-1, 4).")
    message = refusal(generic, made[framework]["frame"].iloc[:, :3])
    assert message.startswith(
        quoted("This model contains a model signature with an unnamed input.")
    )
    message = refusal(generic, rows.tolist())
    assert message.startswith(
        quoted(
            "This model contains a tensor-based model signature with no input names, "
            "which suggests a numpy array input"
        )
    )


@needs("tensorflow")
def test_tensorflow_refuses_columns_in_the_words_of_the_readme(made, framework):
    file = made["tensorflow"]
    signature = infer_signature(file["frame"], file["answers"])
    with pytest.raises(MlflowException) as refused:
        mlflow.tensorflow.log_model(file["model"], name="model", signature=signature)
    assert str(refused.value) == quoted(
        "All fields in the model signature's input schema must be of type TensorSpec."
    )


@needs("pytorch")
def test_an_example_of_one_row_makes_a_pt2_that_takes_one_row_only(made, framework):
    file = made["pytorch"]
    arguments = file["contract"] | {"input_example": file["rows"][:1]}
    info = mlflow.pytorch.log_model(file["model"], name="model", **arguments)
    model = mlflow.pyfunc.load_model(info.model_uri)
    assert np.allclose(model.predict(file["rows"][:1]), file["answers"][:1])
    with pytest.raises(Exception, match="shape"):
        model.predict(file["rows"][:2])


@needs("pytorch")
def test_pickled_pytorch_keeps_the_class_takes_columns_and_is_warned_of(
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
    """Register two models as the lesson does, with an alias; deleted afterwards."""
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


def test_a_model_of_models_keeps_its_members_and_how_they_were_named(made, members, client):
    rows = made["sklearn"]["heldout"]
    info = log_committee(made, members, "/1")
    alias_info = log_committee(made, members, "@champion")
    for which, address in ((info, "/1"), (alias_info, "@champion")):
        artifacts = which.flavors["python_function"]["artifacts"]
        assert {a["uri"] for a in artifacts.values()} == {
            f"models:/{name}{address}" for name in members.values()
        }
    before = mlflow.pyfunc.load_model(alias_info.model_uri).predict(rows)
    # Another champion, of another opinion.
    other_model = clone(made["sklearn"]["model"]).fit(rows, np.roll(made["sklearn"]["truth"], 20))
    other_info = mlflow.sklearn.log_model(other_model, name="model", pip_requirements=[])
    second = mlflow.register_model(other_info.model_uri, members["sklearn"])
    client.set_registered_model_alias(members["sklearn"], "champion", second.version)
    after = mlflow.pyfunc.load_model(alias_info.model_uri).predict(rows)
    assert np.array_equal(before, after)


def test_models_from_code_hold_the_file_and_no_pickle(made, members):
    folder = Path(mlflow.artifacts.download_artifacts(log_committee(made, members, "/1").model_uri))
    assert (folder / "committee.py").read_text() == (HERE / "committee.py").read_text()
    assert not list(folder.rglob("*.pkl"))


def test_a_pyfunc_model_has_the_native_one_in_it(made):
    file = made["sklearn"]
    raw = file["generic"].get_raw_model()
    expected = file["model"].predict_proba(file["heldout"])
    assert np.array_equal(raw.predict_proba(file["heldout"]), expected)


@pytest.mark.parametrize("weight", [-3.0, 1.5, None])
def test_the_committee_checks_which_numbers_make_sense(made, members, weight):
    model = mlflow.pyfunc.load_model(log_committee(made, members, "/1").model_uri)
    with pytest.raises(ValueError, match="expected a number from 0 to 1"):
        model.predict(made["sklearn"]["heldout"], params={"weight": weight})


def test_a_parameter_is_refused_or_ignored_in_the_words_of_the_readme(made, members, monkeypatch):
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
    assert refusal(model, rows, params={"weight": "much"}).startswith(
        quoted(
            "Invalid parameters found: {('weight', \"Failed to validate type and shape for 'weight'"
        )
    )


def test_a_python_model_without_a_type_hint_is_warned_of():
    with pytest.warns(UserWarning, match="Add type hints to the `predict` method"):

        class Bare(PythonModel):
            def predict(self, context, model_input, params=None):
                return model_input
