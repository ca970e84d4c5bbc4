"""Register the versions that the tests let the service serve; print their numbers as JSON.

    python -m tests.inside.serving_versions NAME

Each answers by its own number: ten times the number, plus the species where it knows one. Runs inside a lab.
"""

import contextlib
import json
import os
import sys
import tempfile
import warnings
from pathlib import Path

import mlflow
import sklearn
from mlflow.models import ModelSignature, infer_signature
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.types import ColSpec, Schema
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

# A model made of code, with a module that has the same name in every version.
CODE = """
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel
{at_once}


class Numbered(PythonModel):
    def predict(self, context, model_input, params=None):
        {late}
        return [10 * which_version.NUMBER] * len(model_input)


set_model(Numbered())
"""
IMPORT = "import which_version"
AT_ONCE = CODE.format(at_once=IMPORT, late="")
LATE = CODE.format(at_once="", late=IMPORT)
# It takes its process along when it is asked for a flower of negative size, and raises an error of
# MLflow's that bears no code, which means 500, when it is asked for a giant.
DEADLY = CODE.format(
    at_once="import mlflow, os, which_version",
    late="""
        if (model_input < 0).any(axis=None):
            os._exit(1)
        if (model_input > 99).any(axis=None):
            raise mlflow.MlflowException("No such flower.")
""",
)

name = sys.argv[1]
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment(name)
warnings.simplefilter("ignore")
measures, species = load_iris(as_frame=True, return_X_y=True)
example = measures.head(2)
versions = {}


def register(what, flavor, **how):
    """Log and register the next version, and keep its number under the tests' name for it."""
    common = {
        "name": "model",
        "registered_model_name": name,
        "signature": infer_signature(measures, species),
        "input_example": example,
        "pip_requirements": [f"scikit-learn=={sklearn.__version__}"],
    }
    info = flavor.log_model(**common | how)
    versions[what] = str(info.registered_model_version)
    return info


def fitted(what, **how):
    """Register a model of scikit-learn's."""
    number = len(versions) + 1
    model = LogisticRegression(max_iter=1000).fit(measures, 10 * number + species)
    return register(what, mlflow.sklearn, sk_model=model, **how)


def written(what, source, **how):
    """Register a model made of code."""
    folder = Path(scratch, what)
    folder.mkdir()
    model, module = folder / "model.py", folder / "which_version.py"
    model.write_text(source)
    module.write_text(f"NUMBER = {len(versions) + 1}\n")
    # MLflow runs the model's code when it logs it, too.
    sys.path.insert(0, str(folder))
    sys.modules.pop(module.stem, None)
    register(what, mlflow.pyfunc, python_model=str(model), code_paths=[str(module)], **how)
    sys.path.remove(str(folder))


with contextlib.redirect_stdout(sys.stderr), tempfile.TemporaryDirectory() as scratch:
    fitted("good")
    fitted("better")
    for what, file in {"broken": "model.skops", "no MLmodel": "MLmodel"}.items():
        store = get_artifact_repository(fitted(what).artifact_path)
        garbage = Path(scratch, file)
        garbage.write_text("{[")
        store.log_artifact(str(garbage))
    # It was logged with a gap in its example, which it cannot answer.
    fitted("fails its example", input_example=example.mask(example == 3.5))
    written("code", AT_ONCE)
    written("other code", AT_ONCE)
    written("late code", LATE)
    written("other late code", LATE)
    written("deadly", DEADLY)
    # Columns that pandas would make of anything.
    columns = [ColSpec("long", "count"), ColSpec("boolean", "fresh"), ColSpec("string", "kind")]
    columns.append(ColSpec("double", "length", required=False))
    written("typed", AT_ONCE, signature=ModelSignature(Schema(columns)), input_example=None)
    fitted("no signature", signature=False)
print(json.dumps(versions))
