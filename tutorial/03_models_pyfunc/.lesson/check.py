"""Check the learner's model as Ada uses it: by its address, with nothing else."""

# %% Imports
import sys
import tempfile
from textwrap import shorten

import mlflow
import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException

from lab.checks.flowers import COLUMNS, clear_flowers
from lab.checks.model import error_message, error_with_type, load, named_columns
from lab.checks.registry import (
    download,
    latest_champion,
    start_check,
    stop_if_a_later_run_failed,
)

client = start_check()
run_it = "python tutorial/03_models_pyfunc/exercise.py"

# %% The latest attempt: the highest version, unless a later run failed
champion = latest_champion(client, "iris_mine", run_it)
stop_if_a_later_run_failed(client, "03_models_pyfunc_exercise", champion.version, run_it)
scratch = tempfile.TemporaryDirectory()
model = load(download(champion, scratch.name, run_it), champion, run_it)

# %% Its signature: without one, MLflow rejects nothing
required = named_columns(model, champion)

# %% Twelve clear flowers
flowers, species = clear_flowers(4)
for form, rows in {
    "in centimetres": flowers,
    "with the columns in another order": flowers[COLUMNS[::-1]],
    "as float32": flowers.astype("float32"),
}.items():
    try:
        answers = np.ravel(model.predict(rows))
        right = int((answers == pd.Series(species)).sum())
    except (Exception, SystemExit) as error:
        sys.exit(
            f"The check sent twelve flowers {form} to {champion}. Expected twelve answers, "
            f"got {error_with_type(error)}\n"
            f"Correct the model or its signature, and run your exercise again: {run_it}"
        )
    if right < 11:
        sys.exit(
            f"The check sent twelve flowers {form} to {champion}. The model names the right "
            f"species for {right} of them, expected at least 11. "
            f"Its answers: {shorten(', '.join(map(str, answers)), 100)}\n"
            "Does your script scale the rows before it asks the model? Make this step a part of the model."
        )

# %% Rename one column at a time
for name in required:
    try:
        model.predict(flowers.rename(columns={name: name.removesuffix(" (cm)")}))
        outcome = "the model answered"
    except (Exception, SystemExit) as error:
        if isinstance(error, MlflowException) and "Failed to enforce schema" in str(error):
            rejection = error_message(error)
            continue
        outcome = f"the model failed with {error_with_type(error)}"
    sys.exit(
        f"The check renamed the column {name!r} and sent the flowers to {champion}: {outcome}.\n"
        "MLflow must reject them. Infer the signature from the training columns, so that it requires this one."
    )

# %% The records of its run
run_id = champion.version.run_id
if not run_id:
    sys.exit(
        f"{champion} was logged outside of any run, so there is no record of its predictions.\n"
        "Log the model in the run that records the held-out rows and heldout_accuracy."
    )
try:
    run = client.get_run(run_id)
    files = {file.path for file in client.list_artifacts(run_id, "evaluation")}
except MlflowException as error:
    if error.error_code != "RESOURCE_DOES_NOT_EXIST":
        raise
    sys.exit(f"The run that logged {champion} no longer exists. Run your exercise again: {run_it}")
if run.info.lifecycle_stage == "deleted":
    sys.exit(
        f"The run {run.info.run_name}, which logged {champion}, was deleted.\n"
        f"Restore it: mlflow runs restore --run-id {run_id}"
    )
recorded = run.data.metrics.get("heldout_accuracy")
if recorded is None or "evaluation/heldout.csv" not in files:
    missing = "metric heldout_accuracy" if recorded is None else "file evaluation/heldout.csv"
    sys.exit(
        f"The run {run.info.run_name}, which logged {champion}, recorded no {missing}.\n"
        "Record it in the run that logs the model, and run your exercise again."
    )

# %% Reproduce the result
file = mlflow.artifacts.download_artifacts(
    f"runs:/{run_id}/evaluation/heldout.csv", dst_path=scratch.name
)
try:
    heldout = pd.read_csv(file)
    answers = np.ravel(model.predict(heldout.drop(columns=["species", "predicted"])))
    same = int((answers == heldout["predicted"]).sum())
    accuracy = float((answers == heldout["species"]).mean())
except (Exception, SystemExit) as error:
    sys.exit(
        f"{champion} cannot predict the rows in evaluation/heldout.csv of the run "
        f"{run.info.run_name}: {error_with_type(error)}\n"
        "Record the rows in centimetres, with the columns species and predicted, and run your exercise again."
    )
if heldout.empty or same < len(heldout):
    sys.exit(
        f"{champion} reproduces {same} of the {len(heldout)} predictions in evaluation/heldout.csv, "
        "expected all of them.\n"
        "Record the rows in centimetres, as Ada sends them, with this model's own predictions."
    )
# A rounded metric is fine; one flower more or less is not.
if not abs(accuracy - recorded) < 0.5 / len(heldout):
    sys.exit(
        f"heldout_accuracy is recorded as {recorded:.4f}, but {champion} reaches {accuracy:.4f} "
        f"on the {len(heldout)} rows of evaluation/heldout.csv.\n"
        "Record the accuracy on exactly these rows, and run your exercise again."
    )

# %% Passed
print(f"ok  {champion} is your latest version and was logged in the run {run.info.run_name}")
print(f"ok  it names the right species for {right} of 12 flowers that Ada sends in centimetres")
print(f"ok  MLflow rejects a renamed column: {rejection}")
print(
    f"ok  it reproduces {same} of {same} recorded predictions and heldout_accuracy {accuracy:.4f}"
)
