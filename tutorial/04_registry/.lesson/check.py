"""Judge the learner's candidates once more, one after the other, and compare with what the registry says."""

# %% What it takes
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
# Answers are judged here, warnings are not.
warnings.simplefilter("ignore")
logging.getLogger("mlflow").setLevel(logging.ERROR)
run_it = "python tutorial/04_registry/exercise.py"
heldout_file = "evaluation/heldout.csv"

# %% The latest attempt: the versions that are there, unless a run has failed since
found = client.search_registered_models("name = 'iris_gate'")
versions = client.search_model_versions("name = 'iris_gate'") if found else []
versions.sort(key=lambda version: int(version.version))
if not versions:
    sys.exit(f"There is no version of iris_gate. Run your exercise first: {run_it}")
experiment = client.get_experiment_by_name("04_registry_exercise")
failed = experiment and client.search_runs(
    [experiment.experiment_id],
    "attributes.status = 'FAILED'",
    order_by=["attributes.start_time DESC"],
    max_results=1,
)
if failed and failed[0].info.start_time > versions[-1].creation_timestamp:
    sys.exit(
        f"Your latest run, {failed[0].info.run_name}, failed; version {versions[-1].version} is "
        f"older.\nCorrect what it said, and run it again: {run_it}"
    )
champion = found[0].aliases.get("champion")
if champion is None:
    sys.exit(
        f"None of the {len(versions)} versions of iris_gate has the alias champion.\n"
        f"Set it on a version that passes the gate, and run your exercise again: {run_it}"
    )

# %% Ask every version for the held-out rows that its run recorded
scratch = tempfile.TemporaryDirectory()
right, sizes = {}, {}
for version in versions:
    this = f"iris_gate version {version.version}"
    if not version.run_id:
        sys.exit(f"{this} is of no run. Log the model in one, with {heldout_file}: {run_it}")
    try:
        rows = mlflow.artifacts.download_artifacts(
            f"runs:/{version.run_id}/{heldout_file}",
            dst_path=str(Path(scratch.name) / f"rows{version.version}"),
        )
        folder = mlflow.artifacts.download_artifacts(
            f"models:/iris_gate/{version.version}",
            dst_path=str(Path(scratch.name) / f"model{version.version}"),
        )
    except (OSError, MlflowException) as error:
        # The server says that there is no such thing. Anything else is not the learner's to mend.
        if "API request to" in str(error):
            raise
        sys.exit(
            f"The model of {this}, or {heldout_file} of its run, is not there: "
            f"{shorten(str(error), 200)}\nMake both again: {run_it}"
        )
    try:
        heldout = pd.read_csv(rows)
        model = mlflow.pyfunc.load_model(folder)
        answers = np.ravel(
            model.predict(heldout.drop(columns=["species", "predicted"], errors="ignore"))
        )
        right[version.version] = int((answers == heldout["species"]).sum())
        sizes[version.version] = len(heldout)
    except (Exception, SystemExit) as error:
        said = shorten(str(error).rpartition("Error: ")[2], 300)
        sys.exit(
            f"{this} does not answer to {heldout_file} of its run: {type(error).__name__}: {said}\n"
            f"Log a model that does, and run your exercise again: {run_it}"
        )
if len(set(sizes.values())) > 1 or not all(sizes.values()):
    sys.exit(
        f"The versions of iris_gate were measured on {sorted(sizes.values())} rows, so they cannot "
        f"be compared.\nMeasure all of them on the same held-out rows: {run_it}"
    )

# %% What the gate had to decide about each, in their order
rows = sizes[champion]
accuracy = {number: count / rows for number, count in right.items()}
expected, before = {}, "none"
for number, reached in accuracy.items():
    enough = reached >= 0.85
    better = before == "none" or reached >= accuracy[before] + 0.01
    expected[number] = before if enough and better else None
    before = number if enough and better else before
promoted = [number for number, replaces in expected.items() if replaces]
measured = ", ".join(f"{number}: {reached:.4f}" for number, reached in accuracy.items())
if len(promoted) < 2 or len(promoted) == len(versions):
    sys.exit(
        f"Of the versions of iris_gate, by accuracy {measured}, a gate lets {len(promoted)} of "
        f"{len(versions)} pass.\nFor it to show anything, two must pass, and one must be refused."
    )

# %% Does the registry say so?
if champion != promoted[-1]:
    sys.exit(
        f"iris_gate version {champion} is champion, expected version {promoted[-1]}.\n"
        f"Accuracy on the held-out rows by version: {measured}.\n"
        "Move the alias only if a candidate reaches 0.85, and 0.01 more than the champion."
    )
for version in versions:
    this, number = f"iris_gate version {version.version}", version.version
    verdict = "passed" if expected[number] else "refused"
    if not version.tags.get("gate", "").lower().startswith(verdict):
        sys.exit(
            f"{this}, accuracy {accuracy[number]:.4f}, has the tag gate "
            f"{shorten(version.tags.get('gate', 'missing'), 60)!r}, expected {verdict!r}.\n"
            f"Accuracy by version: {measured}. Write on every version what your gate decided."
        )
    written = version.tags.get("replaces")
    if expected[number] and written != expected[number]:
        sys.exit(
            f"{this} has the tag replaces {written or 'missing'!r}, expected "
            f"{expected[number]!r}, the champion at that moment.\n"
            "Write it down before the alias moves: afterwards nobody can tell."
        )

# %% What was proven
refused = [number for number, replaces in expected.items() if not replaces]
print(f"ok  models:/iris_gate@champion is version {champion}, accuracy {accuracy[champion]:.4f}")
print(f"ok  refused: version {', '.join(refused)}, as their accuracies say: {measured}")
print(f"ok  who must roll back reads where to: version {expected[champion]}")
