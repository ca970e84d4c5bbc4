# %% [markdown]
"""
Promote a model version to an environment, if it passes the gate: what a CI job would call.

What to look at: candidate and champion are measured on the same held-out rows, those that the
candidate's run recorded; the copy gets its evidence first, and the alias champion moves last. Exit
code 0 says that the candidate is champion, 1 that it is not, and why. A second call changes nothing.
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
import warnings

import mlflow
import pandas as pd
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.models import MetricThreshold, make_metric
from mlflow.models.evaluation.validation import ModelValidationFailedException

MIN_ACCURACY, MIN_GAIN = 0.85, 0.01
HELDOUT = "evaluation/heldout.csv"

parser = argparse.ArgumentParser(
    description=f"Make a model version the champion of an environment. It must name {MIN_ACCURACY} "
    f"of the held-out rows right, and {MIN_GAIN} more than the present champion does. The rows are "
    f"those in {HELDOUT} of the candidate's run.",
    epilog="Exit code 0: it is champion. 1: it is not, and stderr says why. 2: wrong usage.",
)
parser.add_argument(
    "candidate",
    nargs="?",
    default="models:/iris_clf@candidate",
    help="models:/NAME/VERSION or models:/NAME@ALIAS (default: %(default)s)",
)
parser.add_argument(
    "target",
    nargs="?",
    default="iris_clf_prod",
    help="the environment's registered model (default: %(default)s)",
)
arguments = parser.parse_args()
target = arguments.target

# Without an address MLflow would quietly write to a file mlflow.db in this folder.
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
client = MlflowClient()
warnings.filterwarnings("ignore", r"Hint: Inferred schema contains integer column", UserWarning)

# %% Which version, and for which registered model
# A promotion copies a version of the registry, and mlflow.models.get_model_info(uri) returns none: it
# knows the logged model only. The client finds versions by their name with a number or an alias, and
# MLflow has no public function that takes a URI apart.
parts = re.fullmatch(r"models:/([^/@:]+)(?:/(\d{1,9})|@([^/@:]+))", arguments.candidate)
if not parts:
    sys.exit(
        f"{arguments.candidate!r} names no model version. "
        "Give models:/<name>/<version> or models:/<name>@<alias>."
    )
name, number, alias = parts.groups()
if name == target:
    sys.exit(f"{target} is where the candidate is already. Name the next environment's model.")
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
    sys.exit(f"{arguments.candidate}: {reason}. Register a version first, or correct the address.")
candidate = f"models:/{name}/{version.version}"  # An alias may move at any moment.
try:
    client.get_registered_model(target)
except MlflowException as error:
    if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
        raise
    # A copy would create the target, so a typing error would create a new environment.
    names = ", ".join(model.name for model in client.search_registered_models(max_results=10))
    sys.exit(
        f"There is no registered model {target!r} to promote to, but {names}. "
        "For a new environment: MlflowClient().create_registered_model()"
    )
if not version.run_id:
    sys.exit(f"{candidate} was logged outside of any run: log it, and {HELDOUT}, in one.")

# %% Is there anything to do?
files = client.get_model_version_download_uri(name, version.version)


def copies():
    """Return the target's versions that are this model, the oldest first: a copy keeps the run and the files."""
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
    """Return the target's champion, or end here if it is this model, or if this model was rolled back."""
    champion = client.get_registered_model(target).aliases.get("champion")
    for model_version in (*copies(), version):
        if (model_version.name, model_version.version) == (target, champion):
            print(f"{candidate} is promoted already: {target} version {champion} is the champion.")
            sys.exit()
        if "rolled_back" in model_version.tags:
            sys.exit(
                f"{candidate} is not promoted again: {model_version.name} version {model_version.version} was rolled "
                f"back, {model_version.tags['rolled_back']}. Register a better version."
            )
    return champion


champion = champion_to_replace()

# %% The held-out rows
run = client.get_run(version.run_id)
if run.info.lifecycle_stage == "deleted":
    sys.exit(
        f"The run behind {candidate} was deleted, so there is nothing to judge it by. "
        f"To bring it back: mlflow runs restore --run-id {version.run_id}"
    )
if HELDOUT not in {file.path for file in client.list_artifacts(version.run_id, "evaluation")}:
    sys.exit(
        f"The run {version.run_id} behind {candidate} recorded no {HELDOUT}, so there is nothing "
        "to judge it by. Log the held-out rows there, with the true species."
    )
text = mlflow.artifacts.load_text(f"runs:/{version.run_id}/{HELDOUT}")
try:
    heldout = pd.read_csv(io.StringIO(text)).drop(columns="predicted", errors="ignore")
    features = heldout.drop(columns="species")
    dataset = mlflow.data.from_pandas(heldout, targets="species", name="heldout")
    if heldout.empty:
        raise ValueError("there is no row in it")
except (KeyError, ValueError) as error:
    sys.exit(
        f"{HELDOUT} of the run {version.run_id} behind {candidate} is no table of rows with the "
        f"column species: {error}"
    )
print(f"candidate  {candidate}")
print(f"champion   {f'models:/{target}/{champion}' if champion else f'{target} has none yet'}")
print(f"held-out   {len(heldout)} rows of the candidate's run, digest {dataset.digest}")

# %% Measure both
accuracy = make_metric(
    eval_fn=lambda predictions, targets: float((predictions == targets).mean()),
    greater_is_better=True,
    name="accuracy",
)


def measure(uri):
    """Return what MLflow's evaluation makes of a model's answers, and the run that has recorded it."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            path = mlflow.artifacts.download_artifacts(uri, dst_path=folder)
        except (OSError, MlflowException) as error:
            if getattr(error, "error_code", "RESOURCE_DOES_NOT_EXIST") != "RESOURCE_DOES_NOT_EXIST":
                raise
            sys.exit(f"Refused: files of {uri} are gone from the artifact store.")
        try:
            # A model runs its author's code, which may fail in any way.
            model = mlflow.pyfunc.load_model(path)
            answers = pd.Series(model.predict(features), index=features.index)
        except (Exception, SystemExit) as error:
            reason = f"{type(error).__name__}: {error}".replace("\n", " ")
            sys.exit(f"Refused: {uri} does not answer to the held-out rows. {reason:.400}")
        # Two models may bring modules of one name, and the second would get the first's.
        for module, loaded in list(sys.modules.items()):
            if (getattr(loaded, "__file__", None) or "").startswith(folder):
                del sys.modules[module]
    experiment = run.info.experiment_id
    with mlflow.start_run(experiment_id=experiment, run_name=f"gate {uri}") as gate_run:
        result = mlflow.models.evaluate(lambda _: answers, dataset, extra_metrics=[accuracy])
    return result, gate_run.info.run_id


measured, gate_run_id = measure(candidate)
print(f"accuracy   {measured.metrics['accuracy']:.4f}, must be at least {MIN_ACCURACY}")
baseline = None
if champion:
    baseline, _ = measure(f"models:/{target}/{champion}")
    print(f"           the champion's is {baseline.metrics['accuracy']:.4f}, must gain {MIN_GAIN}")

# %% The gate
threshold = MetricThreshold(
    threshold=MIN_ACCURACY,
    min_absolute_change=MIN_GAIN if champion else None,
    greater_is_better=True,
)
try:
    mlflow.validate_evaluation_results({"accuracy": threshold}, measured, baseline)
except ModelValidationFailedException as refusal:
    sys.exit(f"Refused: {candidate} is not promoted to {target}. {refusal}")


# %% The copy. Like copy_model_version, but with its evidence from the start: never half of it
def prepared():
    """Return the copies made to replace this champion, the oldest first."""
    return [copy for copy in copies() if copy.tags.get("replaces") == (champion or "none")]


# A call that was interrupted may have left a copy, or another call may create one now: the older counts.
if not prepared():
    made = client.create_model_version(
        target,
        candidate,
        run_id=version.run_id,
        description=version.description,
        tags=version.tags
        | {
            "gate": f"passed: accuracy = {measured.metrics['accuracy']:.4f}",
            "gate_run": gate_run_id,
            "heldout": f"{version.run_id}/{HELDOUT}, digest {dataset.digest}",
            "promoted_by": getpass.getuser(),
            "promoted_at": f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M:%S} UTC",
            "promoted_from": candidate,
            "replaces": champion or "none",
        },
    )
    if made.version != prepared()[0].version:
        client.delete_model_version(target, made.version)
copy = prepared()[0]

# %% The alias. MLflow cannot compare and set: let CI run one promotion to an environment at a time
if champion_to_replace() != champion:
    sys.exit(
        f"Meanwhile {target} got another champion than {candidate} was compared with. Call again."
    )
try:
    client.set_registered_model_alias(target, "champion", copy.version)
except MlflowException:
    # Of two calls that set a first alias at once, the server answers one with a database's error.
    if client.get_registered_model(target).aliases.get("champion") != copy.version:
        raise
print(f"promoted   models:/{target}@champion is version {copy.version}, was {champion or 'none'}")
