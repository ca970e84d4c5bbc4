# %% [markdown]
"""
Log a model in a run, register it in the same call, and load it back by its URIs.

What to look at: the model is not among the run's artifacts but has a place, an id and metrics of
its own. You can load it by the run's id and by the model's id. A model with a signature refuses bad
input; a model without one takes whatever scikit-learn takes.
"""

# %% Imports and the server
import contextlib
import io
import os
import sys
import textwrap
import warnings

import matplotlib.pyplot as plt
import mlflow
import sklearn
from mlflow.models import infer_signature
from sklearn.calibration import CalibrationDisplay
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

# Without an address MLflow would quietly write to a file mlflow.db in this folder.
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("02_log")

# MLflow warns that an integer column cannot have missing values. A species is never missing.
warnings.filterwarnings("ignore", message="Hint: Inferred schema contains integer column")

# %% The data and the model, as in lesson 01
iris = load_iris(as_frame=True)
X, y = iris.data, iris.target
params = {"C": 1.0, "test_size": 0.3, "random_state": 7}
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=params["test_size"], random_state=params["random_state"], stratify=y
)
model = make_pipeline(StandardScaler(), LogisticRegression(C=params["C"])).fit(X_train, y_train)

train_data = mlflow.data.from_pandas(
    X_train.assign(species=y_train), name="iris_train", targets="species"
)
test_data = mlflow.data.from_pandas(
    X_test.assign(species=y_test), name="iris_test", targets="species"
)
# Given, not inferred: MLflow would load the model in a fresh process to see what it imports.
requirements = [f"scikit-learn=={sklearn.__version__}"]

# %% Log it
# MLflow announces a new version on stderr; here that is part of the story.
with mlflow.start_run() as run, contextlib.redirect_stderr(sys.stdout):
    # Before the model: the parameters that the run has by then are copied to the model.
    mlflow.log_params(params)
    mlflow.log_input(train_data, context="training")
    info = mlflow.sklearn.log_model(
        model,
        name="model",
        signature=infer_signature(X_train, model.predict(X_train)),
        pip_requirements=requirements,
        registered_model_name="iris_log",
        await_registration_for=10,
    )
    mlflow.log_metric("train_accuracy", model.score(X_train, y_train))
    # With the data set and the model, MLflow records which model was measured, and on which data.
    mlflow.log_metric(
        "test_accuracy", model.score(X_test, y_test), dataset=test_data, model_id=info.model_id
    )

# %% What log_model returned
print("log_model returned")
print("  model_uri  ", info.model_uri)
print("  run_id     ", info.run_id)
print("  version    ", info.registered_model_version, "of iris_log")
assert info.model_uri == f"models:/{info.model_id}"

# %% Pictures of it: these are artifacts of the run
client = mlflow.MlflowClient()
confusion = ConfusionMatrixDisplay.from_estimator(
    model, X_test, y_test, display_labels=iris.target_names, colorbar=False
)
client.log_figure(run.info.run_id, confusion.figure_, "confusion_matrix.png")

# %% One curve for each species: of the flowers that get this probability, how many are of it?
figure, axes = plt.subplots()
for number, species in enumerate(iris.target_names):
    probability = model.predict_proba(X_test)[:, number]
    CalibrationDisplay.from_predictions(
        y_test == number, probability, n_bins=4, name=species, ax=axes
    )
axes.set(xlabel="Probability that the model gives", ylabel="Share of these flowers")
client.log_figure(run.info.run_id, figure, "calibration_curve.png")

# %% Where the model is
logged = client.get_logged_model(info.model_id)
pictures = [file.path for file in client.list_artifacts(run.info.run_id)]
files = [file.path for file in client.list_artifacts(run.info.run_id, "model")]
print("Where it is")
print("  run's artifacts  ", run.info.artifact_uri)
print("  model's artifacts", logged.artifact_location)
print("  list_artifacts(run)         ", ", ".join(pictures))
print('  list_artifacts(run, "model")', ", ".join(path.split("/")[1] for path in files))
assert f"/models/{info.model_id}/" in logged.artifact_location
assert pictures == ["calibration_curve.png", "confusion_matrix.png"]
assert "model/MLmodel" in files

# %% What the run and the model know
run = client.get_run(run.info.run_id)
print("The run knows")
print("  parameters", dict(sorted(run.data.params.items())))
for used in sorted(run.inputs.dataset_inputs, key=lambda used: used.dataset.name):
    print("  data set  ", used.dataset.name, used.dataset.digest, [tag.value for tag in used.tags])
print("The model knows")
print("  parameters", dict(sorted(logged.params.items())))
measured = {metric.key: metric for metric in client.get_logged_model(info.model_id).metrics}
for key, metric in sorted(measured.items()):
    print(f"  {key} {metric.value:.3f}, measured on: {metric.dataset_name}")
assert logged.params == run.data.params == {key: str(value) for key, value in params.items()}
assert {used.dataset.name for used in run.inputs.dataset_inputs} == {"iris_train", "iris_test"}
assert measured["test_accuracy"].dataset_digest == test_data.digest
assert measured["train_accuracy"].dataset_name is None

# %% The registered version
version = client.get_model_version("iris_log", info.registered_model_version)
print("The version is", version.status, "and points to", version.source)
assert (version.status, version.source) == ("READY", info.model_uri)

# %% Load it back
print("Loaded back, and predicts the same")
for uri in (f"runs:/{run.info.run_id}/model", info.model_uri):
    loaded = mlflow.sklearn.load_model(uri)
    assert (loaded.predict(X_test) == model.predict(X_test)).all()
    print(" ", uri)

# %% Three ways to a signature, and what each refuses
ways = {
    "infer_signature": {"signature": infer_signature(X_train, model.predict(X_train))},
    "input_example": {"input_example": X_train.head(2)},
    "neither": {},
}
probes = {
    "renamed column": X_test.rename(columns={"petal width (cm)": "petal_width"}),
    "text": X_test.astype(str),
}
refused = set()
for way, arguments in ways.items():
    # Outside of a run: the model belongs to the experiment alone.
    tried = mlflow.sklearn.log_model(model, name=way, pip_requirements=requirements, **arguments)
    assert tried.run_id is None
    print(
        f"Signature from {way}: output", tried.signature.outputs if tried.signature else "unknown"
    )
    loaded = mlflow.pyfunc.load_model(tried.model_uri)
    for probe, rows in probes.items():
        try:
            loaded.predict(rows)
            print(f"  {probe}: accepted")
        except Exception as error:
            refused.add((way, probe, type(error).__name__))
            print(f"  {probe}: {type(error).__name__}")
            print("   ", textwrap.shorten(str(error).split("Error: ")[-1], 96))
assert refused == {
    ("infer_signature", "renamed column", "MlflowException"),
    ("infer_signature", "text", "MlflowException"),
    ("input_example", "renamed column", "MlflowException"),
    ("input_example", "text", "MlflowException"),
    ("neither", "renamed column", "ValueError"),
}

# %% The older name of `name`
print("artifact_path, alone and beside name")
with contextlib.redirect_stderr(io.StringIO()) as stderr:
    older = mlflow.sklearn.log_model(model, artifact_path="older", pip_requirements=requirements)
print(" ", stderr.getvalue().split(": ", 1)[1].strip())
assert client.get_logged_model(older.model_id).name == "older"
try:
    mlflow.sklearn.log_model(model, name="both", artifact_path="both")
    raise AssertionError("name and artifact_path together were accepted")
except mlflow.MlflowException as error:
    print(" ", error)

# %% Where to see it
page = os.environ.get("LAB_MLFLOW_PAGE", "http://localhost:5000")
print("In the browser")
print(f"  {page}/#/experiments/{run.info.experiment_id}/runs?workflowType=machine_learning")
