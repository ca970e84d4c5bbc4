# %% [markdown]
"""
One of four files that differ where their frameworks differ: scikit-learn.
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
# MLflow would warn about the inputs that are sent on purpose further down.
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
    """Return what the framework itself answers to the rows."""
    return model.predict(rows)


# %% The five calls
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("06_flavors")
folder = Path(os.environ.get("LAB_OUTPUT", "output")) / "06_flavors" / name
shutil.rmtree(folder, ignore_errors=True)

answers = ask(model)
contract = {
    "signature": infer_signature(rows, answers),
    # More than one row: from an example of one row PyTorch exports a model that takes one row only.
    "input_example": rows[:2],
    "pip_requirements": packages,
    # A tensor has no column names, so the order of the columns is recorded here.
    "metadata": {"columns": list(X.columns)},
}
flavor.save_model(model, folder, **contract)
with mlflow.start_run(run_name=name):
    info = flavor.log_model(model, name="model", **contract)
native = flavor.load_model(info.model_uri)
generic = mlflow.pyfunc.load_model(info.model_uri)

assert np.allclose(ask(flavor.load_model(folder)), answers)
assert np.allclose(ask(native), answers)
assert np.allclose(generic.predict(rows), answers)

# %% What consumers may send
frame = heldout.astype("float32")
outcomes = {"takes": [], "misreads": [], "refuses": []}
for payload_name, payload in {
    "a float64 frame": heldout,
    "a float32 frame": frame,
    "a float64 array": heldout.to_numpy(copy=True),
    "a float32 array": frame.to_numpy(copy=True),
    "an extra column": frame.assign(colour=np.float32(1)),
    "another order": frame[frame.columns[::-1]].copy(),
    "a missing column": frame.iloc[:, :3].copy(),
}.items():
    try:
        outcome = "takes" if np.allclose(generic.predict(payload), answers) else "misreads"
    except MlflowException:
        outcome = "refuses"
    outcomes[outcome].append(payload_name)

# %% Into the registry
version = mlflow.register_model(info.model_uri, name)
client = MlflowClient()
client.set_registered_model_alias(name, "champion", version.version)
client.set_registered_model_tag(name, "lesson", "06_flavors")

# %% What there is now
[file] = (file for file in folder.rglob("*") if file.suffix in (".skops", ".ubj", ".pt2", ".keras"))
inputs = info.signature.inputs
kind = "a tensor" if inputs.is_tensor_spec() else "columns"
print(f"{name} version {version.version} is the champion")
print(f"  file       {file.relative_to(folder)}")
print(f"  signature  {kind} of {inputs.numpy_types()[0]} -> {info.signature.outputs}")
print(f"  native     {type(native).__name__}")
print(f"  packages   {', '.join(packages)}")
for outcome, payload_names in outcomes.items():
    print(f"  {outcome:10} {', '.join(payload_names) or 'nothing'}")
