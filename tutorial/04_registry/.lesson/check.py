"""Measure every version of iris_gate again, in order, and compare the gate's decisions with the registry."""

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

# %% The latest attempt: all versions that exist, unless a run has failed since
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
        f"Set it on the baseline, as the exercise did at first, and run your exercise again: {run_it}"
    )

# %% Let every version predict the held-out rows of its run
scratch = tempfile.TemporaryDirectory()
right, sizes, model_ids = {}, {}, {}
for version in versions:
    label = f"iris_gate version {version.version}"
    if not version.run_id:
        sys.exit(
            f"{label} was not logged in a run. Log the model in a run, and {heldout_file} too: {run_it}"
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
            f"The model of {label} or the file {heldout_file} of its run is missing: "
            f"{shorten(str(error), 200)}\nRun your exercise again: {run_it}"
        )
    try:
        heldout = pd.read_csv(rows)
        model = mlflow.pyfunc.load_model(folder)
        answers = np.ravel(
            model.predict(heldout.drop(columns=["species", "predicted"], errors="ignore"))
        )
        right[version.version] = int((answers == heldout["species"]).sum())
        sizes[version.version] = len(heldout)
        model_ids[version.version] = model.metadata.model_id
    except (Exception, SystemExit) as error:
        sys.exit(
            f"{label} cannot predict the rows in {heldout_file} of its run: {error_with_type(error)}\n"
            f"Log a model that can, and run your exercise again: {run_it}"
        )
if len(set(sizes.values())) > 1 or not all(sizes.values()):
    sys.exit(
        f"The runs of iris_gate recorded {sorted(sizes.values())} held-out rows, so the versions cannot "
        f"be compared.\nUse the same held-out rows for all of them: {run_it}"
    )

# %% What the gate has to decide about each challenger; the first version is the baseline
accuracy = {number: count / sizes[champion] for number, count in right.items()}
baseline, *challengers = accuracy
current, replaced = baseline, {}
for number in challengers:
    if accuracy[number] >= 0.85 and accuracy[number] >= accuracy[current] + 0.01:
        replaced[number], current = current, number
measured = ", ".join(f"{number}: {reached:.4f}" for number, reached in accuracy.items())
if not 0 < len(replaced) < len(challengers):
    sys.exit(
        f"Of {len(challengers)} challengers the gate lets {len(replaced)} pass. Accuracy by version: {measured}.\n"
        f"Register challengers of which at least one passes and one is refused: {run_it}"
    )

# %% Does the registry agree?
if champion != current:
    sys.exit(
        f"iris_gate version {champion} is champion, expected version {current}.\n"
        f"Accuracy on the held-out rows by version: {measured}.\n"
        "Move the alias only if a challenger reaches 0.85, and 0.01 more than the champion of that moment."
    )
for number in challengers:
    label = f"iris_gate version {number}"
    [tags] = [version.tags for version in versions if version.version == number]
    decision = "passed" if number in replaced else "refused"
    written = tags.get("gate", "missing")
    if not written.lower().startswith(decision):
        sys.exit(
            f"{label} has accuracy {accuracy[number]:.4f} and the tag gate {shorten(written, 60)!r}, "
            f"expected {decision!r}.\nAccuracy by version: {measured}.\n"
            "Write the gate's decision to a tag of every challenger."
        )
    if decision == "refused" and "check failed" not in written:
        sys.exit(
            f"The tag gate of {label} does not contain MLflow's message: {shorten(written, 60)!r}.\n"
            "Let mlflow.validate_evaluation_results decide, and write the message of its error to the tag."
        )
    if number in replaced and tags.get("replaces") != replaced[number]:
        sys.exit(
            f"{label} has the tag replaces {tags.get('replaces', 'missing')!r}, expected "
            f"{replaced[number]!r}, which was champion before it.\n"
            "Write this tag before you move the alias. Afterwards the alias no longer shows the version."
        )

# %% Did mlflow.models.evaluate measure every version? It records the metric on the logged model
for number, model_id in model_ids.items():
    try:
        metrics = client.get_logged_model(model_id).metrics or []
    except MlflowException as error:
        if server_is_away(error):
            raise
        metrics = []
    if not any(abs(metric.value - accuracy[number]) < 1e-9 for metric in metrics):
        sys.exit(
            f"The model of iris_gate version {number} has no metric with its accuracy, {accuracy[number]:.4f}.\n"
            f"Load models:/iris_gate/{number}, and give the loaded model to mlflow.models.evaluate."
        )

# %% Passed
refused = [number for number in challengers if number not in replaced]
print(f"ok  models:/iris_gate@champion is version {champion}, accuracy {accuracy[champion]:.4f}")
print(f"ok  the gate refused version {', '.join(refused)}. Accuracy by version: {measured}")
print(f"ok  the tag replaces says where to roll back to: version {replaced[champion]}")
