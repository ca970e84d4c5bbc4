# %% [markdown]
"""
Reproduce the results of a run. All that this script needs is the address of the run's model.

What to look at: each line compares a value that the run recorded with the value that the script gets
now. The exit code is 0 if all of them are equal. Set MODEL_URI to choose a model. With --retrain the
script also trains the model again, from the parameters and the rows that the run recorded.
"""

# %% Imports
import argparse
import ast
import importlib.metadata
import io
import os
import platform
import re
import sys
from pathlib import Path

import mlflow
import pandas as pd
import sklearn
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException, RestException

HELDOUT = "evaluation/heldout.csv"
TRAIN = "data/train.csv"

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument(
    "--retrain", action="store_true", help="also train the model again, and compare"
)
arguments = parser.parse_args()

# The lab's shell sets this variable to the address of its MLflow server.
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
client = MlflowClient()
model_uri = os.environ.get("MODEL_URI", "").strip()


def has_file(run_id, path):
    """Return whether the run has this file."""
    folder = path.rpartition("/")[0]
    return path in {file.path for file in client.list_artifacts(run_id, folder)}


def resolve(uri):
    """Return the id of the run that logged the model, and a URI that always leads to this model."""
    # mlflow.models.get_model_info(uri) resolves correct URIs too. But it downloads a file, it fails if
    # the logged model of a version was deleted, and for a wrong URI it does not list what exists.
    # MLflow has no public function that splits a URI into its parts, so this function uses patterns.
    if uri_parts := re.fullmatch(r"runs:/(\w+)/([^.:%\"']*[^.:%\"'/])", uri):
        run_id, path = uri_parts.groups()
        experiment_id = client.get_run(run_id).info.experiment_id  # An unknown run raises here.
        if not has_file(run_id, f"{path}/MLmodel"):
            logged = client.search_logged_models([experiment_id], f"source_run_id = '{run_id}'")
            names = ", ".join(sorted({model.name for model in logged})) or "no model"
            sys.exit(f"MODEL_URI={uri}: this run has no model named {path}. It logged: {names}.")
        return run_id, uri
    # models:/iris_clf, without a version, has this form too. MLflow then reports an unknown ID.
    if uri_parts := re.fullmatch(r"models:/([\w -]+)", uri):
        return client.get_logged_model(uri_parts[1]).source_run_id, uri
    uri_parts = re.fullmatch(r"models:/([^/:]+?)(?:/([^/@:]+)|@([^/@:]+))", uri)
    if not uri_parts:
        sys.exit(
            f"MODEL_URI={uri} is not a model URI that leads to a run. "
            "Use models:/<name>/<version>, models:/<name>/<stage>, models:/<name>/latest, "
            "models:/<name>@<alias>, models:/m-<id> or runs:/<run_id>/<name>."
        )
    name, suffix, alias = uri_parts.groups()
    aliases = client.get_registered_model(name).aliases
    versions = client.search_model_versions(f"name = '{name}'")
    for version in sorted(versions, key=lambda version: -int(version.version)):
        names = {version.version, version.current_stage.lower(), "latest"}
        if version.version == aliases.get(alias) or (suffix and suffix.lower() in names):
            # Somebody may move a stage or an alias at any moment. A version keeps its logged model.
            return version.run_id, f"models:/{name}/{version.version}"
    numbers = sorted((int(version.version) for version in versions), reverse=True)
    stages = sorted({version.current_stage for version in versions})
    sys.exit(
        f"MODEL_URI={uri}: {name} has no {'alias' if alias else 'version or stage'} {alias or suffix!r}. "
        f"Its versions: {', '.join(map(str, numbers[:10])) or 'none'}"
        f"{', and older ones' if len(numbers) > 10 else ''}. Its stages: {', '.join(stages) or 'none'}. "
        f"Its aliases: {', '.join(sorted(aliases)) or 'none'}."
    )


differences = []


def compare(quantity, recorded, reproduced):
    """Print one line of the comparison. Keep a difference for the end of the script."""
    print(f"{quantity:20}{recorded!s:22}{reproduced!s:22}", end="")
    print("equal" if recorded == reproduced else "DIFFERENT")
    if recorded != reproduced:
        differences.append(f"{quantity}: recorded {recorded}, reproduced {reproduced}")


# %% Find the run: the run that MODEL_URI leads to, or the latest run of the lesson
if model_uri:
    try:
        run_id, uri = resolve(model_uri)
        if not run_id:
            sys.exit(f"MODEL_URI={model_uri}: this model was logged outside of any run.")
        run = client.get_run(run_id)
    except RestException as error:
        # The server did not find it. MODEL_URI does not cause other errors, such as a server that is down.
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise
        hint = "Without MODEL_URI the script takes the latest run of 03_models_pyfunc."
        if model_uri.startswith("models:/"):
            names = [model.name for model in client.search_registered_models(max_results=10)]
            hint = (
                f"Registered: {', '.join(names)}. Add a version, a stage or an alias to the name."
                if names
                else "No model is registered. First run python tutorial/03_models_pyfunc/run.py"
            )
        sys.exit(f"MODEL_URI={model_uri}: {error.message.partition(': ')[2].rstrip('.')}. {hint}")
    if run.info.lifecycle_stage == "deleted":
        sys.exit(
            f"MODEL_URI={model_uri}: the run {run_id} that logged this model was deleted. "
            f"To bring it back: mlflow runs restore --run-id {run_id}"
        )
    if not has_file(run_id, HELDOUT):
        sys.exit(
            f"MODEL_URI={model_uri}: the run {run_id} that logged this model recorded no {HELDOUT}, "
            "so there is nothing to compare with."
        )
else:
    experiment = client.get_experiment_by_name("03_models_pyfunc")
    finished = (
        mlflow.search_runs(
            [experiment.experiment_id],
            filter_string="attributes.status = 'FINISHED'",
            order_by=["attributes.start_time DESC"],
            output_format="list",
        )
        if experiment
        else []
    )
    for run in finished:
        run_id = run.info.run_id
        if has_file(run_id, HELDOUT) and has_file(run_id, "model/MLmodel"):
            uri = f"runs:/{run_id}/model"
            break
    else:
        sys.exit(
            "03_models_pyfunc has no finished run that logged a model with its held-out rows. "
            "First run python tutorial/03_models_pyfunc/run.py, or set MODEL_URI."
        )

# %% Load the model as any other user of it would
try:
    model = mlflow.pyfunc.load_model(uri)
    requirements = Path(mlflow.pyfunc.get_model_dependencies(uri)).read_text()
except (FileNotFoundError, MlflowException) as error:
    if getattr(error, "error_code", "RESOURCE_DOES_NOT_EXIST") != "RESOURCE_DOES_NOT_EXIST":
        raise
    sys.exit(
        f"MODEL_URI={model_uri or uri}: files of this model are missing in the artifact store."
    )
registered = [
    f"{version.name} version {version.version} (stage {version.current_stage})"
    for version in client.search_model_versions(f"run_id = '{run_id}'")
    if f"models:/{version.name}/{version.version}" == uri
    or version.source.rpartition("/")[2] == model.metadata.model_id
]
print(f"model  {model_uri or uri}")
print(f"       {model.metadata.model_id}, {', '.join(registered) or 'not registered'}")
print(f"run    {run_id}, {run.info.run_name}")

# %% Predict the run's held-out rows again. pandas reads back exactly the numbers that it wrote.
text = mlflow.artifacts.load_text(f"runs:/{run_id}/{HELDOUT}")
try:
    heldout = pd.read_csv(io.StringIO(text))
    truth, recorded = heldout["species"], heldout["predicted"]
    features = heldout.drop(columns=["species", "predicted"])
    predicted = model.predict(features)
except (KeyError, TypeError, ValueError, MlflowException) as error:
    reason = f"{type(error).__name__}: {str(error).rpartition('Error: ')[2]}".partition("\n")[0]
    sys.exit(f"Not reproduced. {HELDOUT} of the run {run_id} does not fit its model: {reason}")
digests = {
    tag.value: used.dataset.digest
    for used in run.inputs.dataset_inputs
    for tag in used.tags
    if tag.key == "mlflow.data.context"
}
print("\nThe model predicts the held-out rows of its run again:")
print(f"{'':20}{'recorded':22}reproduced")
compare("accuracy", run.data.metrics.get("heldout_accuracy"), float((predicted == truth).mean()))
compare("predictions", len(recorded), int((predicted == recorded).sum()))
digest = mlflow.data.from_pandas(heldout.drop(columns="predicted"), targets="species").digest
compare("held-out digest", digests.get("heldout"), digest)

# %% Train again: the steps come from the model, their settings and the training rows from the run
if arguments.retrain:
    if "sklearn" not in model.metadata.flavors:
        sys.exit("--retrain needs a scikit-learn model, and this model is not one.")
    if not has_file(run_id, TRAIN):
        sys.exit(f"--retrain needs the training rows, but the run {run_id} has no file {TRAIN}.")
    text = mlflow.artifacts.load_text(f"runs:/{run_id}/{TRAIN}")
    estimator = sklearn.base.clone(mlflow.sklearn.load_model(uri))
    settings = {}
    for name, value in run.data.params.items():
        if name in estimator.get_params():
            try:
                settings[name] = ast.literal_eval(value)
            except (SyntaxError, ValueError):
                settings[name] = value  # A word, such as a solver's name.
    if not settings:
        sys.exit(f"--retrain needs the model's parameters, but the run {run_id} recorded none.")
    try:
        train = pd.read_csv(io.StringIO(text))
        estimator.set_params(**settings).fit(train[features.columns], train["species"])
    except (KeyError, TypeError, ValueError) as error:
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        sys.exit(f"Not reproduced. The run {run_id} cannot be trained again: {reason}")
    again = estimator.predict(features)
    digest = mlflow.data.from_pandas(train, targets="species").digest
    compare("training digest", digests.get("train"), digest)
    compare("after retraining", len(recorded), int((again == recorded).sum()))

# %% Compare the packages. Other versions are not a failure: only the results decide.
print(f"\n{'Packages':20}{'when logged':22}now")
recorded_packages = {"python": model.metadata.flavors["python_function"]["python_version"]}
recorded_packages |= dict(re.findall(r"^([\w.-]+)==([^\s;]+)", requirements, re.MULTILINE))
for package, version in recorded_packages.items():
    try:
        now = importlib.metadata.version(package) if package != "python" else ""
    except importlib.metadata.PackageNotFoundError:
        now = "not installed"
    now = now or platform.python_version()
    print(f"{package:20}{version:22}{now:22}{'' if now == version else 'different'}".rstrip())

# %% The verdict
print()
if differences:
    sys.exit("Not reproduced. " + "; ".join(differences))
print("Reproduced: nothing differs.")
