"""Ask the learner's model through pyfunc, with flowers and limits of the check's own."""

# %% What it takes
import itertools
import logging
import os
import sys
import tempfile
import warnings
from pathlib import Path
from textwrap import shorten

import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
client = MlflowClient()
# Answers and refusals are judged here, warnings are not.
warnings.simplefilter("ignore")
logging.getLogger("mlflow").setLevel(logging.ERROR)
# Who loads a model elsewhere has no modules of this folder.
sys.path[:] = [entry for entry in sys.path if not Path(entry, "check.py").exists()]
run_it = "python tutorial/06_flavors/exercise.py"

# %% The latest attempt: the highest version
found = client.search_registered_models("name = 'iris_sure'")
versions = found[0].latest_versions if found else []
if not versions:
    sys.exit(f"There is no version of iris_sure. Run your exercise first: {run_it}")
version = max(versions, key=lambda version: int(version.version))
this = f"models:/iris_sure@champion (version {version.version})"
champion = found[0].aliases.get("champion")
if champion != version.version:
    sys.exit(
        f"The alias champion is on {f'version {champion}' if champion else 'no version'}, expected "
        f"on version {version.version}, the latest of iris_sure.\n"
        f"Let your script set it on the version that it has just registered: {run_it}"
    )

# %% Load it: the files first, as from there on nothing but the model itself can fail
scratch = tempfile.TemporaryDirectory()
try:
    folder = mlflow.artifacts.download_artifacts(
        "models:/iris_sure@champion", dst_path=scratch.name
    )
except MlflowException as error:
    # The server says that there is no such thing. Anything else is not the learner's to mend.
    if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
        raise
    sys.exit(f"{this} was there a moment ago and is gone: {error}\nMake it again: {run_it}")
try:
    model = mlflow.pyfunc.load_model(folder)
except (Exception, SystemExit) as error:
    sys.exit(
        f"{this} cannot be loaded: {type(error).__name__}: {shorten(str(error), 300)}\n"
        f"Make all that it needs a part of the model, and run your exercise again: {run_it}"
    )

# %% Flowers that no data set has, in centimetres: three clear ones of each species, and some in between
columns = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]
setosas = [[5.05, 3.45, 1.45, 0.25], [4.85, 3.25, 1.4, 0.2], [5.3, 3.65, 1.55, 0.3]]
versicolors = [[5.95, 2.85, 4.25, 1.3], [5.6, 2.75, 4.05, 1.2], [6.2, 2.9, 4.35, 1.35]]
virginicas = [[6.65, 3.05, 5.65, 2.15], [6.4, 2.95, 5.55, 2.05], [6.9, 3.1, 5.85, 2.25]]
clear = pd.DataFrame(setosas + versicolors + virginicas, columns=columns)
species = np.repeat(["setosa", "versicolor", "virginica"], 3)
between = pd.DataFrame(
    [
        [6.0, 2.8, 4.7 + 0.05 * petal, 1.45 + 0.05 * width]
        for petal in range(8)
        for width in range(8)
    ],
    columns=columns,
)


def ask(rows: pd.DataFrame, what: str, **params: float) -> np.ndarray:
    """Return the model's answers, or end with what went wrong."""
    try:
        answers = np.asarray(model.predict(rows, params=params or None)).astype(str)
    except (Exception, SystemExit) as error:
        said = shorten(str(error).rpartition("Error: ")[2], 300)
        sys.exit(
            f"{this} was asked {what}, expected an answer to each flower, "
            f"got {type(error).__name__}: {said}\n"
            "Correct the model or its signature, and run your exercise again."
        )
    if answers.shape not in ((len(rows),), (len(rows), 1)):
        sys.exit(
            f"{this} was asked {what}, and gives answers of the shape {answers.shape} to "
            f"{len(rows)} flowers.\nGive an answer to each flower, unsure is one too."
        )
    return answers.ravel()


# %% Names
answers = ask(clear, "for nine flowers")
if not set(answers) <= {*species, "unsure"}:
    sys.exit(
        f"{this} answers {shorten(', '.join(sorted(set(answers))), 100)} to nine flowers, "
        "expected the names of the species, or unsure.\n"
        "A model of your own, a PythonModel, can turn what the classifier says into names."
    )
if (ask(clear.astype("float32"), "for the same flowers as float32") != answers).any():
    sys.exit(f"{this} answers otherwise when the same flowers come as float32.")

# %% The parameter
schema = model.metadata.get_params_schema()
declared = {param.name: param.default for param in (schema.params if schema else [])}
if "at_least" not in declared:
    sys.exit(
        f"{this} has no parameter at_least in its signature, so MLflow ignores what callers give.\n"
        "infer_signature takes params={...} with the defaults."
    )
if declared["at_least"] != 0.8:
    sys.exit(
        f"{this} has at_least = {declared['at_least']} where callers give nothing, expected 0.8."
        "\nThe default stands in the signature: infer_signature(..., params={...})."
    )

# %% What it does
limits = (0.0, 0.5, 0.8, 0.95, 1.0)
unsure = {
    limit: ask(between, f"with at_least={limit}", at_least=limit) == "unsure" for limit in limits
}
counts = ", ".join(f"{int(where.sum())} at {limit}" for limit, where in unsure.items())
if unsure[0.0].any() or not unsure[1.0].all():
    sys.exit(
        f"{this} is unsure of {counts} of {len(between)} flowers, expected none at 0.0 and all at 1.0.\n"
        "Compare the highest probability with params['at_least'] at every call."
    )
for lower, higher in itertools.pairwise(limits):
    if (unsure[lower] & ~unsure[higher]).any():
        sys.exit(
            f"{this} is unsure at {lower} of flowers of which it is sure at {higher} ({counts}).\n"
            "A flower whose highest probability is below at_least is one to be unsure of."
        )
if (ask(between, "without the parameter") != ask(between, "with 0.8", at_least=0.8)).any():
    sys.exit(f"{this} answers otherwise without the parameter than with at_least=0.8.")
named = ask(clear, "with at_least=0.0", at_least=0.0)
right = int((named == species).sum())
if right < 8:
    sys.exit(
        f"{this} names {right} of nine clear flowers right with at_least=0.0, expected 8: "
        f"{shorten(', '.join(named), 120)}\nThe name belongs to the class with the highest probability."
    )

# %% What was proven
print(f"ok  {this} is your latest")
print(f"ok  {right} of 9 clear flowers right, as float64 and as float32")
print(f"ok  of {len(between)} flowers between two species it is unsure of {counts}")
