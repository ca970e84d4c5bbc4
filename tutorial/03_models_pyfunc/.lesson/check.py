"""Ask the learner's model by its URI, as somebody who has nothing else of theirs."""

# %% Imports
import sys
import tempfile
from textwrap import shorten

import mlflow
import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException

from lab.checks.flowers import COLUMNS, clear_flowers_by_number
from lab.checks.model import error_message, error_with_type, load, named_columns
from lab.checks.registry import (
    download,
    latest_champion,
    start_check,
    stop_if_a_later_run_failed,
)

client = start_check()
run_it = "python tutorial/03_models_pyfunc/exercise.py"

# %% The latest attempt: the highest version, unless a run has failed since
champion = latest_champion(client, "iris_mine", run_it)
stop_if_a_later_run_failed(client, "03_models_pyfunc_exercise", champion.version, run_it)
scratch = tempfile.TemporaryDirectory()
model = load(download(champion, scratch.name, run_it), champion, run_it)

# %% Its signature: without one MLflow refuses nothing
required = named_columns(model, champion)

# %% Twelve clear flowers
flowers, species = clear_flowers_by_number(4)
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
            f"{champion} was sent twelve flowers {form}, "
            f"expected an answer to each, got {error_with_type(error)}\n"
            "Correct the model or its signature, and run your exercise again."
        )
    if right < 11:
        sys.exit(
            f"{champion} was sent twelve flowers {form} and names {right} of them right, "
            f"expected at least 11. Its answers: {shorten(str(answers.tolist()), 100)}\n"
            "Make a part of the model what your script does to the rows before it asks the model."
        )

# %% One column after the other under another name
for name in required:
    try:
        model.predict(flowers.rename(columns={name: name.removesuffix(" (cm)")}))
        outcome = "answers all the same"
    except (Exception, SystemExit) as error:
        if isinstance(error, MlflowException) and "Failed to enforce schema" in str(error):
            refusal = error_message(error)
            continue
        outcome = f"raises {error_with_type(error)}"
    sys.exit(
        f"{champion} was sent flowers without {name!r}, and {outcome}.\n"
        "Expected that the signature refuses them: it must require this column."
    )

# %% What its run recorded
run_id = champion.version.run_id
if not run_id:
    sys.exit(
        f"{champion} was logged outside of any run, so nothing says what it once answered.\n"
        "Log the model in the run that records the held-out rows and heldout_accuracy."
    )
try:
    run = client.get_run(run_id)
    files = {file.path for file in client.list_artifacts(run_id, "evaluation")}
except MlflowException as error:
    if error.error_code != "RESOURCE_DOES_NOT_EXIST":
        raise
    sys.exit(f"The run behind {champion} is gone for good. Run your exercise again: {run_it}")
if run.info.lifecycle_stage == "deleted":
    sys.exit(
        f"The run {run.info.run_name} behind {champion} was deleted. "
        f"Bring it back: mlflow runs restore --run-id {run_id}"
    )
recorded = run.data.metrics.get("heldout_accuracy")
if recorded is None or "evaluation/heldout.csv" not in files:
    missing = "metric heldout_accuracy" if recorded is None else "file evaluation/heldout.csv"
    sys.exit(
        f"The run {run.info.run_name} behind {champion} recorded no {missing}.\n"
        "Record it in the run that logs the model, and run your exercise again."
    )

# %% The same result again
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
        f"evaluation/heldout.csv of the run {run.info.run_name} does not fit {champion}: "
        f"{error_with_type(error)}\n"
        "Record raw rows with the columns species and predicted, and run your exercise again."
    )
if heldout.empty or same < len(heldout):
    sys.exit(
        f"{champion} gives {same} of the {len(heldout)} predictions in evaluation/heldout.csv again, "
        "expected all of them.\n"
        "Record the rows as a colleague would send them, and this model's own answers to them."
    )
# A rounded metric is fine; one flower more or less is not.
if not abs(accuracy - recorded) < 0.5 / len(heldout):
    sys.exit(
        f"heldout_accuracy is recorded as {recorded:.4f}, but on the {len(heldout)} rows of "
        f"evaluation/heldout.csv {champion} reaches {accuracy:.4f}.\n"
        "Record the metric of exactly these rows, and run your exercise again."
    )

# %% Passed
print(f"ok  {champion} is your latest, and belongs to the run {run.info.run_name}")
print(f"ok  {right} of 12 flowers right, in another order and as float32, too")
print(f"ok  a renamed column is refused: {refusal}")
print(f"ok  by URI again: heldout_accuracy {accuracy:.4f}, and {same} of {same} predictions")
