"""Judge the learner's candidates once more, one after the other, and compare with what the registry says."""

# %% Imports
import sys
import tempfile
from pathlib import Path
from textwrap import shorten

import mlflow
import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException

from lab.checks.model import error_with_type
from lab.checks.registry import server_is_away, start_check, stop_if_a_later_run_failed

client = start_check()
run_it = "python tutorial/04_registry/exercise.py"
heldout_file = "evaluation/heldout.csv"

# %% The latest attempt: the versions that are there, unless a run has failed since
registered = client.search_registered_models("name = 'iris_gate'")
versions = client.search_model_versions("name = 'iris_gate'") if registered else []
versions.sort(key=lambda version: int(version.version))
if not versions:
    sys.exit(f"There is no version of iris_gate. Run your exercise first: {run_it}")
stop_if_a_later_run_failed(client, "04_registry_exercise", versions[-1], run_it)
champion = registered[0].aliases.get("champion")
if champion is None:
    sys.exit(
        f"None of the {len(versions)} versions of iris_gate has the alias champion.\n"
        f"Set it on a version that passes the gate, and run your exercise again: {run_it}"
    )

# %% Ask every version for the held-out rows that its run recorded
scratch = tempfile.TemporaryDirectory()
right, sizes = {}, {}
for version in versions:
    label = f"iris_gate version {version.version}"
    if not version.run_id:
        sys.exit(
            f"{label} was not logged in a run. Log the model in one, with {heldout_file}: {run_it}"
        )
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
        if server_is_away(error):
            raise
        sys.exit(
            f"The model of {label}, or {heldout_file} of its run, is not there: "
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
        sys.exit(
            f"{label} does not answer to {heldout_file} of its run: {error_with_type(error)}\n"
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
    number = version.version
    label = f"iris_gate version {number}"
    verdict = "passed" if expected[number] else "refused"
    if not version.tags.get("gate", "").lower().startswith(verdict):
        sys.exit(
            f"{label}, accuracy {accuracy[number]:.4f}, has the tag gate "
            f"{shorten(version.tags.get('gate', 'missing'), 60)!r}, expected {verdict!r}.\n"
            f"Accuracy by version: {measured}. Write on every version what your gate decided."
        )
    replaces = version.tags.get("replaces")
    if expected[number] and replaces != expected[number]:
        sys.exit(
            f"{label} has the tag replaces {replaces or 'missing'!r}, expected "
            f"{expected[number]!r}, the champion at that moment.\n"
            "Write it down before the alias moves: afterwards nobody can tell."
        )

# %% Passed
refused = [number for number, replaces in expected.items() if not replaces]
print(f"ok  models:/iris_gate@champion is version {champion}, accuracy {accuracy[champion]:.4f}")
print(f"ok  refused: version {', '.join(refused)}, as their accuracies say: {measured}")
print(f"ok  the tag replaces says where to roll back to: version {expected[champion]}")
