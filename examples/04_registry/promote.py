# %% [markdown]
"""
Promote a challenger to an environment if it passes the gate: the script that a CI job calls.

What to look at: the script measures the challenger and the champion on the same held-out rows, which
the challenger's run recorded. It writes the evidence to the copy before it moves the alias champion.
Exit code 0 means that the challenger is the champion. Exit code 1 means that it is not, and stderr
says why. A second call changes nothing.
"""

# %% Imports
import argparse
import datetime
import getpass
import io
import os
import re
import sys
import tempfile

import mlflow
import pandas as pd
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.models import MetricThreshold, make_metric
from mlflow.models.evaluation.validation import ModelValidationFailedException

MIN_ACCURACY, MIN_GAIN = 0.85, 0.01
HELDOUT = "evaluation/heldout.csv"

parser = argparse.ArgumentParser(
    description="Make a challenger the champion of an environment, if it passes the gate. Its accuracy "
    f"must be at least {MIN_ACCURACY}, and at least {MIN_GAIN} more than the champion's. Both are "
    f"measured on the rows in {HELDOUT} of the challenger's run.",
    epilog="Exit code 0: it is champion. 1: it is not, and stderr says why. 2: wrong usage.",
)
parser.add_argument(
    "challenger",
    nargs="?",
    default="models:/iris_dev@challenger",
    help="models:/NAME/VERSION or models:/NAME@ALIAS (default: %(default)s)",
)
parser.add_argument(
    "target",
    nargs="?",
    default="iris_prod",
    help="the environment's registered model (default: %(default)s)",
)
arguments = parser.parse_args()
target = arguments.target

# The lab's shell sets this variable to the address of its MLflow server.
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
client = MlflowClient()

# %% Which version?
# A promotion copies a version of a registered model. mlflow.models.get_model_info(uri) does not return
# the version, only the logged model, and MLflow has no public function that splits a URI into its parts.
parts = re.fullmatch(r"models:/([^/@:]+)(?:/(\d{1,9})|@([^/@:]+))", arguments.challenger)
if not parts:
    sys.exit(
        f"{arguments.challenger!r} is not the address of a model version. "
        "Give models:/<name>/<version> or models:/<name>@<alias>."
    )
name, number, alias = parts.groups()
if name == target:
    sys.exit(
        f"The challenger is already in {target}. Give the registered model of another environment."
    )
try:
    version = (
        client.get_model_version_by_alias(name, alias)
        if alias
        else client.get_model_version(name, number)
    )
except MlflowException as error:
    # The server does not find it. Any other error, such as no answer, is not caused by the argument.
    if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
        raise
    reason = error.message.partition(": ")[2].rstrip(".")
    sys.exit(f"{arguments.challenger}: {reason}. Register a version first, or correct the address.")
challenger = f"models:/{name}/{version.version}"  # Somebody may move the alias at any moment.
try:
    client.get_registered_model(target)
except MlflowException as error:
    if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
        raise
    # A copy would create the target, so a typing error would create a new environment.
    names = ", ".join(model.name for model in client.search_registered_models(max_results=10))
    sys.exit(
        f"There is no registered model {target!r} to promote to. There are: {names}. "
        "For a new environment, call MlflowClient().create_registered_model() first."
    )
if not version.run_id:
    sys.exit(f"{challenger} was not logged in a run. Log the model in a run, and {HELDOUT} too.")

# %% Is there anything to do?
files = client.get_model_version_download_uri(name, version.version)


def copies():
    """Return the target's versions of this model, the oldest first. A copy has the same run and files."""
    same_models = []
    for model_version in client.search_model_versions(
        f"name = '{target}' and run_id = '{version.run_id}'"
    ):
        try:
            if client.get_model_version_download_uri(target, model_version.version) == files:
                same_models.append(model_version)
        except MlflowException as error:
            # Another call created this copy, found an older one, and deleted its own.
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
    return sorted(same_models, key=lambda model_version: int(model_version.version))


def champion_to_replace():
    """Return the target's champion. End the script if it is this model, or if this model was rolled back."""
    champion = client.get_registered_model(target).aliases.get("champion")
    for model_version in (*copies(), version):
        if (model_version.name, model_version.version) == (target, champion):
            print(f"{challenger} is already promoted: {target} version {champion} is the champion.")
            sys.exit()
        if "rolled_back" in model_version.tags:
            sys.exit(
                f"{challenger} is not promoted again: {model_version.name} version {model_version.version} "
                f"was rolled back, {model_version.tags['rolled_back']}. Register a better version."
            )
    return champion


champion = champion_to_replace()

# %% The held-out rows
run = client.get_run(version.run_id)
if run.info.lifecycle_stage == "deleted":
    sys.exit(
        f"The run that logged {challenger} was deleted, so its held-out rows cannot be read. "
        f"To restore it: mlflow runs restore --run-id {version.run_id}"
    )
if HELDOUT not in {file.path for file in client.list_artifacts(version.run_id, "evaluation")}:
    sys.exit(
        f"The run {version.run_id}, which logged {challenger}, has no {HELDOUT}, so the gate cannot "
        "measure the model. Log the held-out rows there, with the true species."
    )
text = mlflow.artifacts.load_text(f"runs:/{version.run_id}/{HELDOUT}")
try:
    heldout = pd.read_csv(io.StringIO(text)).drop(columns="predicted", errors="ignore")
    features = heldout.drop(columns="species")
    dataset = mlflow.data.from_pandas(heldout, targets="species", name="heldout")
    if heldout.empty:
        raise ValueError("it has no rows")
except (KeyError, ValueError) as error:
    sys.exit(
        f"{HELDOUT} of the run {version.run_id}, which logged {challenger}, is not a table of rows with "
        f"the column species: {error}"
    )
print(f"challenger  {challenger}")
print(f"champion    {f'models:/{target}/{champion}' if champion else f'{target} has none yet'}")
print(f"held-out    {len(heldout)} rows of the challenger's run, digest {dataset.digest}")

# %% Measure both
accuracy = make_metric(
    eval_fn=lambda predictions, targets: float((predictions == targets).mean()),
    greater_is_better=True,
    name="accuracy",
)


def measure(uri):
    """Return MLflow's evaluation of a model, and the id of the run that recorded it."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            path = mlflow.artifacts.download_artifacts(uri, dst_path=folder)
        except (OSError, MlflowException) as error:
            if getattr(error, "error_code", "RESOURCE_DOES_NOT_EXIST") != "RESOURCE_DOES_NOT_EXIST":
                raise
            sys.exit(f"Refused: files of {uri} are missing from the artifact store.")
        try:
            # A model runs its author's code, which may fail in any way.
            model = mlflow.pyfunc.load_model(path)
            answers = pd.Series(model.predict(features), index=features.index)
        except (Exception, SystemExit) as error:
            reason = f"{type(error).__name__}: {error}".replace("\n", " ")
            sys.exit(f"Refused: {uri} cannot predict the held-out rows. {reason:.400}")
        # Both models may bring a module of the same name. Without this, the second model would run the
        # first model's module.
        for module, loaded in list(sys.modules.items()):
            if (getattr(loaded, "__file__", None) or "").startswith(folder):
                del sys.modules[module]
    experiment = run.info.experiment_id
    with mlflow.start_run(experiment_id=experiment, run_name=f"gate {uri}") as gate_run:
        result = mlflow.models.evaluate(lambda _: answers, dataset, extra_metrics=[accuracy])
    return result, gate_run.info.run_id


result, gate_run_id = measure(challenger)
print(f"accuracy    {result.metrics['accuracy']:.4f}, must be at least {MIN_ACCURACY}")
champion_result = None
if champion:
    champion_result, _ = measure(f"models:/{target}/{champion}")
    champion_accuracy = champion_result.metrics["accuracy"]
    print(f"            and at least {MIN_GAIN} more than the champion's {champion_accuracy:.4f}")

# %% The gate
threshold = MetricThreshold(
    threshold=MIN_ACCURACY,
    # Without a champion there is nothing to compare with.
    min_absolute_change=MIN_GAIN if champion else None,
    greater_is_better=True,
)
try:
    mlflow.validate_evaluation_results({"accuracy": threshold}, result, champion_result)
except ModelValidationFailedException as error:
    sys.exit(f"Refused: {challenger} is not promoted to {target}. {error}")


# %% Copy it. Unlike copy_model_version, this call writes all tags together with the copy
def prepared():
    """Return the copies that were made to replace this champion, the oldest first."""
    return [copy for copy in copies() if copy.tags.get("replaces") == (champion or "none")]


# An interrupted call may have left a copy, or another call may create one now. Use the oldest one.
if not prepared():
    made = client.create_model_version(
        target,
        challenger,
        run_id=version.run_id,
        description=version.description,
        tags=version.tags
        | {
            "gate": f"passed: accuracy = {result.metrics['accuracy']:.4f}",
            "gate_run": gate_run_id,
            "heldout": f"{version.run_id}/{HELDOUT}, digest {dataset.digest}",
            "promoted_by": getpass.getuser(),
            "promoted_at": f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M:%S} UTC",
            "promoted_from": challenger,
            "replaces": champion or "none",
        },
    )
    if made.version != prepared()[0].version:
        client.delete_model_version(target, made.version)
copy = prepared()[0]

# %% Move the alias. MLflow cannot compare and set, so let CI run one promotion to an environment at a time
if champion_to_replace() != champion:
    sys.exit(
        f"In the meantime {target} got another champion than the one that {challenger} was compared "
        "with. Call again."
    )
try:
    client.set_registered_model_alias(target, "champion", copy.version)
except MlflowException:
    # If two calls set a new alias at the same moment, one of them gets an error of the database.
    if client.get_registered_model(target).aliases.get("champion") != copy.version:
        raise
print(f"promoted    models:/{target}@champion is version {copy.version}, was {champion or 'none'}")
