# %% [markdown]
"""
Log, load and register a scikit-learn model.

log_sklearn.py, log_xgboost.py, log_pytorch.py and log_tensorflow.py do the same with four frameworks. Only
their cells "Imports" and "The model" differ.

What to look at: the signature has columns with names, so MLflow puts columns in another order right and
rejects arrays.
"""

# %% Imports
import logging
import os
import shutil
from pathlib import Path

import mlflow
import numpy as np
import sklearn
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

flavor, name = mlflow.sklearn, "iris_sklearn"
# MLflow would warn about the inputs that this script sends on purpose.
logging.getLogger("mlflow").setLevel(logging.ERROR)

# %% The data
measures, species = load_iris(as_frame=True, return_X_y=True)
X, heldout, y, truth = train_test_split(
    measures, species, test_size=0.4, random_state=7, stratify=species
)

# %% The model
model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
rows = heldout
packages = [f"scikit-learn=={sklearn.__version__}"]


def ask(model):
    """Return the framework's own answers for the rows."""
    return model.predict(rows)


# %% The five calls
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("06_flavors")
folder = Path(os.environ.get("LAB_OUTPUT", "output")) / "06_flavors" / name
shutil.rmtree(folder, ignore_errors=True)

answers = ask(model)
details = {
    "signature": infer_signature(rows, answers),
    # Two rows: from an example of one row, PyTorch exports a model that takes only one row.
    "input_example": rows[:2],
    "pip_requirements": packages,
    # A tensor has no column names, so the model records the order of the columns here.
    "metadata": {"columns": list(X.columns)},
}
flavor.save_model(model, folder, **details)
with mlflow.start_run(run_name=name):
    info = flavor.log_model(model, name="model", **details)
native = flavor.load_model(info.model_uri)
generic = mlflow.pyfunc.load_model(info.model_uri)

answers_after_loading = {
    "the saved folder": ask(flavor.load_model(folder)),
    "the native loader": ask(native),
    "pyfunc": generic.predict(rows),
}

# %% What callers may send
frame = heldout.astype("float32")
outcomes = {"accepts": [], "misreads": [], "rejects": []}
for payload_name, payload in {
    "float64 DataFrame": heldout,
    "float32 DataFrame": frame,
    "float64 array": heldout.to_numpy(copy=True),
    "float32 array": frame.to_numpy(copy=True),
    "extra column": frame.assign(colour=np.float32(1)),
    "other order": frame[frame.columns[::-1]].copy(),
    "missing column": frame.iloc[:, :3].copy(),
}.items():
    try:
        outcome = "accepts" if np.allclose(generic.predict(payload), answers) else "misreads"
    except MlflowException:
        outcome = "rejects"
    outcomes[outcome].append(payload_name)

# %% Register the model
version = mlflow.register_model(info.model_uri, name)
client = MlflowClient()
client.set_registered_model_alias(name, "champion", version.version)
# With this tag, score.py finds the model.
client.set_registered_model_tag(name, "lesson", "06_flavors")

# %% Summary
[file] = (file for file in folder.rglob("*") if file.suffix in (".skops", ".ubj", ".pt2", ".keras"))
inputs = info.signature.inputs
kind = "a tensor" if inputs.is_tensor_spec() else "columns"
same = [way for way, loaded in answers_after_loading.items() if np.allclose(loaded, answers)]
print(f"{name} version {version.version} is the champion")
print(f"  trained object   {file.relative_to(folder)}")
print(f"  signature        {kind} of {inputs.numpy_types()[0]} -> {info.signature.outputs}")
print(f"  native loader    {type(native).__name__}")
print(f"  packages         {', '.join(packages)}")
print(f"  same answers     {', '.join(same)}")
for outcome, payload_names in outcomes.items():
    print(f"  {outcome:15}  {', '.join(payload_names) or 'nothing'}")
