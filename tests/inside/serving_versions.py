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

# Models made of code; each version gets a module of its own, which has the same name in all of them.
SERVED = Path(__file__).parent / "served"

name = sys.argv[1]
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment(name)
warnings.simplefilter("ignore")
measures, species = load_iris(as_frame=True, return_X_y=True)
example = measures.head(2)
versions = {}


def register(label, flavor, **options):
    """Log and register the next version, and keep its number under the tests' name for it."""
    common = {
        "name": "model",
        "registered_model_name": name,
        "signature": infer_signature(measures, species),
        "input_example": example,
        "pip_requirements": [f"scikit-learn=={sklearn.__version__}"],
    }
    info = flavor.log_model(**common | options)
    versions[label] = str(info.registered_model_version)
    return info


def fitted(label, **options):
    """Register a model of scikit-learn's."""
    number = len(versions) + 1
    model = LogisticRegression(max_iter=1000).fit(measures, 10 * number + species)
    return register(label, mlflow.sklearn, sk_model=model, **options)


def written(label, file, **options):
    """Register a model made of code."""
    folder = Path(scratch, label)
    folder.mkdir()
    module = folder / "which_version.py"
    module.write_text(f"NUMBER = {len(versions) + 1}\n")
    # MLflow runs the model's code when it logs it, too.
    sys.path.insert(0, str(folder))
    sys.modules.pop(module.stem, None)
    code = {"python_model": str(SERVED / file), "code_paths": [str(module)]}
    register(label, mlflow.pyfunc, **code, **options)
    sys.path.remove(str(folder))


with contextlib.redirect_stdout(sys.stderr), tempfile.TemporaryDirectory() as scratch:
    fitted("good")
    fitted("better")
    for label, file in {"broken": "model.skops", "no MLmodel": "MLmodel"}.items():
        store = get_artifact_repository(fitted(label).artifact_path)
        garbage = Path(scratch, file)
        garbage.write_text("{[")
        store.log_artifact(str(garbage))
    # It was logged with a gap in its example, which it cannot answer.
    fitted("fails its example", input_example=example.mask(example == 3.5))
    written("code", "at_once.py")
    written("other code", "at_once.py")
    written("late code", "late.py")
    written("other late code", "late.py")
    written("deadly", "deadly.py")
    # Columns that pandas would make of anything.
    columns = [ColSpec("long", "count"), ColSpec("boolean", "fresh"), ColSpec("string", "kind")]
    columns.append(ColSpec("double", "length", required=False))
    written("typed", "at_once.py", signature=ModelSignature(Schema(columns)), input_example=None)
    fitted("no signature", signature=False)
print(json.dumps(versions))
