"""Ask the learner's model by its URI, as somebody who has nothing else of theirs."""

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
# Answers and refusals are judged here, warnings are not.
warnings.simplefilter("ignore")
logging.getLogger("mlflow").setLevel(logging.ERROR)
# Who loads a model elsewhere has no modules of this folder.
sys.path[:] = [entry for entry in sys.path if not Path(entry, "check.py").exists()]
run_it = "python tutorial/03_models_pyfunc/exercise.py"

# %% The latest attempt: the highest version, unless a run has failed since
found = client.search_registered_models("name = 'iris_mine'")
versions = found[0].latest_versions if found else []
if not versions:
    sys.exit(f"There is no version of iris_mine. Run your exercise first: {run_it}")
version = max(versions, key=lambda version: int(version.version))
this = f"models:/iris_mine@champion (version {version.version})"
champion = found[0].aliases.get("champion")
if champion != version.version:
    sys.exit(
        f"The alias champion is on {f'version {champion}' if champion else 'no version'}, expected "
        f"on version {version.version}, the latest of iris_mine.\n"
        f"Let your script set it on the version that it has just registered: {run_it}"
    )
experiment = client.get_experiment_by_name("03_models_pyfunc_exercise")
failed = experiment and client.search_runs(
    [experiment.experiment_id],
    "attributes.status = 'FAILED'",
    order_by=["attributes.start_time DESC"],
    max_results=1,
)
if failed and failed[0].info.start_time > version.creation_timestamp:
    sys.exit(
        f"Your latest run, {failed[0].info.run_name}, failed; version {version.version} is older.\n"
        f"Correct what it said, and run it again: {run_it}"
    )

# %% Load it: the files first, as from there on nothing but the model itself can fail
scratch = tempfile.TemporaryDirectory()
try:
    folder = mlflow.artifacts.download_artifacts(
        "models:/iris_mine@champion", dst_path=scratch.name
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

# %% Its signature: what MLflow can refuse at all
names = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]
signature = model.metadata.signature
if signature is None or signature.inputs is None:
    sys.exit(
        f"{this} has no signature, so MLflow refuses nothing: expected one that names the columns."
        "\nGive the model one when you log it, and run your exercise again."
    )
agreed = [name for name in signature.inputs.input_names() if name in names]
if not agreed:
    sys.exit(
        f"{this} has a signature that names no column: {shorten(str(signature.inputs), 200)}\n"
        "Infer it from rows that have their names, from a DataFrame, and run your exercise again."
    )

# %% Twelve flowers that no data set has, in centimetres
setosas = [[5.05, 3.45, 1.45, 0.25], [4.85, 3.25, 1.4, 0.2], [5.3, 3.65, 1.55, 0.3]]
versicolors = [[5.95, 2.85, 4.25, 1.3], [5.6, 2.75, 4.05, 1.2], [6.2, 2.9, 4.35, 1.35]]
virginicas = [[6.65, 3.05, 5.65, 2.15], [6.4, 2.95, 5.55, 2.05], [6.9, 3.1, 5.85, 2.25]]
more = [[4.95, 3.35, 1.5, 0.2], [5.75, 2.8, 4.15, 1.25], [6.75, 3.0, 5.75, 2.2]]
flowers = pd.DataFrame(setosas + versicolors + virginicas + more, columns=names)
species = pd.Series([0] * 3 + [1] * 3 + [2] * 3 + [0, 1, 2])
for what, sent in {
    "in centimetres": flowers,
    "with the columns in another order": flowers[names[::-1]],
    "as float32": flowers.astype("float32"),
}.items():
    try:
        answers = np.ravel(model.predict(sent))
        right = int((answers == species).sum())
    except (Exception, SystemExit) as error:
        said = shorten(str(error).rpartition("Error: ")[2], 300)
        sys.exit(
            f"{this} was sent twelve flowers {what}, "
            f"expected an answer to each, got {type(error).__name__}: {said}\n"
            "Correct the model or its signature, and run your exercise again."
        )
    if right < 11:
        sys.exit(
            f"{this} was sent twelve flowers {what} and names {right} of them right, "
            f"expected at least 11. Its answers: {shorten(str(answers.tolist()), 100)}\n"
            "Make a part of the model what your script does to the rows before it asks the model."
        )

# %% One column after the other under another name
for name in agreed:
    try:
        model.predict(flowers.rename(columns={name: name.removesuffix(" (cm)")}))
        outcome = "answers all the same"
    except MlflowException as error:
        if "Failed to enforce schema" in str(error):
            refusal = shorten(str(error).rpartition("Error: ")[2], 300)
            continue
        outcome = f"raises {type(error).__name__}: {shorten(str(error), 300)}"
    except (Exception, SystemExit) as error:
        outcome = f"raises {type(error).__name__}: {shorten(str(error), 300)}"
    sys.exit(
        f"{this} was sent flowers without {name!r}, and {outcome}.\n"
        "Expected that the signature refuses them: it must require this column."
    )

# %% What its run recorded
if not version.run_id:
    sys.exit(
        f"{this} was logged outside of any run, so nothing says what it once answered.\n"
        "Log the model in the run that records the held-out rows and heldout_accuracy."
    )
try:
    run = client.get_run(version.run_id)
    files = {file.path for file in client.list_artifacts(version.run_id, "evaluation")}
except MlflowException as error:
    if error.error_code != "RESOURCE_DOES_NOT_EXIST":
        raise
    sys.exit(f"The run behind {this} is gone for good. Run your exercise again: {run_it}")
if run.info.lifecycle_stage == "deleted":
    sys.exit(
        f"The run {run.info.run_name} behind {this} was deleted. "
        f"Bring it back: mlflow runs restore --run-id {version.run_id}"
    )
recorded = run.data.metrics.get("heldout_accuracy")
if recorded is None or "evaluation/heldout.csv" not in files:
    missing = "metric heldout_accuracy" if recorded is None else "file evaluation/heldout.csv"
    sys.exit(
        f"The run {run.info.run_name} behind {this} recorded no {missing}.\n"
        "Record it in the run that logs the model, and run your exercise again."
    )

# %% The same result again
recorded_rows = mlflow.artifacts.download_artifacts(
    f"runs:/{version.run_id}/evaluation/heldout.csv", dst_path=scratch.name
)
try:
    heldout = pd.read_csv(recorded_rows)
    answers = np.ravel(model.predict(heldout.drop(columns=["species", "predicted"])))
    same = int((answers == heldout["predicted"]).sum())
    accuracy = float((answers == heldout["species"]).mean())
except (Exception, SystemExit) as error:
    said = shorten(str(error).rpartition("Error: ")[2], 300)
    sys.exit(
        f"evaluation/heldout.csv of the run {run.info.run_name} does not fit {this}: "
        f"{type(error).__name__}: {said}\n"
        "Record raw rows with the columns species and predicted, and run your exercise again."
    )
if heldout.empty or same < len(heldout):
    sys.exit(
        f"{this} gives {same} of the {len(heldout)} predictions in evaluation/heldout.csv again, "
        "expected all of them.\n"
        "Record the rows as a colleague would send them, and this model's own answers to them."
    )
# A rounded metric is fine; one flower more or less is not.
if not abs(accuracy - recorded) < 0.5 / len(heldout):
    sys.exit(
        f"heldout_accuracy is recorded as {recorded:.4f}, but on the {len(heldout)} rows of "
        f"evaluation/heldout.csv {this} reaches {accuracy:.4f}.\n"
        "Record the metric of exactly these rows, and run your exercise again."
    )

# %% What was proven
print(f"ok  {this} is your latest, and of the run {run.info.run_name}")
print(f"ok  {right} of 12 flowers right, in another order and as float32, too")
print(f"ok  a renamed column is refused: {refusal}")
print(f"ok  by URI again: heldout_accuracy {accuracy:.4f}, and {same} of {same} predictions")
