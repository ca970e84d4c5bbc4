# %% [markdown]
"""
Promote a model from dev to QA to production, roll it back, and leave a trail of who did what.

What to look at: a gate refuses one candidate with MLflow's own words and lets another one pass; the
alias champion moves, and one call moves it back; stages do the same beside it; a deleted version
takes its alias along, and leaves its files.
"""

# %% Imports
import contextlib
import datetime
import getpass
import io
import os
import textwrap
import time
import warnings

import matplotlib.pyplot as plt
import mlflow
import sklearn
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException, RestException
from mlflow.models import MetricThreshold, infer_signature, make_metric
from mlflow.models.evaluation.validation import ModelValidationFailedException
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

# Without an address MLflow would quietly write to a file mlflow.db in this folder.
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("04_registry")
client = MlflowClient()

# A species is never missing, so it may be an integer.
warnings.filterwarnings("ignore", r"Hint: Inferred schema contains integer column", UserWarning)

# %% The data, the same rows as in lesson 03
measures, species = load_iris(as_frame=True, return_X_y=True)
train, heldout = (
    part.reset_index(drop=True)
    for part in train_test_split(
        measures.assign(species=species), test_size=0.4, random_state=7, stratify=species
    )
)
columns = list(measures.columns)
dataset = mlflow.data.from_pandas(heldout, targets="species", name="iris_heldout")

# %% One registered model for each environment: iris_clf is dev
for environment in ("iris_clf", "iris_clf_qa", "iris_clf_prod"):
    with contextlib.suppress(RestException):  # It is there already.
        client.create_registered_model(environment)

# %% Four candidates: each is trained on other columns
candidates = {
    "baseline": (columns[2:3], 1.0),
    "sepals": (columns[:2], 1.0),
    "challenger": (columns[2:], 1.0),
    "successor": (columns, 100.0),
}
versions, predictions = {}, {}
print("registered    columns")
for name, (features, C) in candidates.items():
    model = make_pipeline(
        make_column_transformer((StandardScaler(), features)), LogisticRegression(C=C)
    ).fit(train[columns], train["species"])
    predictions[name] = model.predict(heldout[columns])
    with mlflow.start_run(run_name=name) as run:
        mlflow.log_params({"columns": features, "C": C})
        mlflow.log_input(dataset, context="heldout")
        mlflow.log_metric("heldout_accuracy", model.score(heldout[columns], heldout["species"]))
        # Whoever evaluates this model later reads the rows from here.
        rows = heldout.assign(predicted=predictions[name])
        mlflow.log_text(rows.to_csv(index=False), "evaluation/heldout.csv")
        model_info = mlflow.sklearn.log_model(
            model,
            name="model",
            signature=infer_signature(train[columns], predictions[name]),
            input_example=train[columns].head(3),
            pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
        )
    versions[name] = client.create_model_version(
        "iris_clf",
        source=model_info.model_uri,
        run_id=run.info.run_id,
        model_id=model_info.model_id,
        tags={"candidate": name},
        description=f"Logistic regression on {', '.join(features)}.",
    )
    print(f"  version {versions[name].version:4}{name:12}{', '.join(features)}")

# %% Measure: all on the same held-out rows, in a run each
accuracy = make_metric(
    eval_fn=lambda predictions, targets: float((predictions == targets).mean()),
    greater_is_better=True,
    name="accuracy",
)
measured = {}
for name in ("baseline", "sepals", "challenger"):
    version = versions[name]
    model = mlflow.pyfunc.load_model(f"models:/iris_clf/{version.version}")
    with mlflow.start_run(run_name=f"gate {name}") as run:
        # Given the registry's URI instead of these two, MLflow would link no metric to the model.
        measured[name] = mlflow.models.evaluate(
            model.predict, dataset, extra_metrics=[accuracy], model_id=model.metadata.model_id
        )
    linked = mlflow.get_logged_model(model.metadata.model_id).metrics
    assert ("accuracy", run.info.run_id) in {(metric.key, metric.run_id) for metric in linked}
    client.set_model_version_tag("iris_clf", version.version, "gate_run", run.info.run_id)

# %% Decide: the gate is code, and a tag on the version records its decision
gate = {
    "accuracy": MetricThreshold(threshold=0.85, min_absolute_change=0.01, greater_is_better=True)
}
print("\nThe gate: an accuracy of at least 0.85, and 0.01 above the baseline's")
for name in ("sepals", "challenger"):
    try:
        mlflow.validate_evaluation_results(gate, measured[name], measured["baseline"])
        verdict, reason = "passed", f"accuracy = {measured[name].metrics['accuracy']:.4f}"
    except ModelValidationFailedException as refusal:
        verdict, reason = "refused", str(refusal)
    client.set_model_version_tag("iris_clf", versions[name].version, "gate", f"{verdict}: {reason}")
    print(textwrap.fill(f"  {name} {verdict}: {reason}", 96, subsequent_indent="    "))
    assert verdict == ("refused" if name == "sepals" else "passed")

# %% The evidence as a picture, in the run that the tag gate_run names
accuracies = {name: result.metrics["accuracy"] for name, result in measured.items()}
figure, axes = plt.subplots(layout="constrained")
axes.bar_label(axes.bar(accuracies.keys(), accuracies.values()), fmt="%.4f", label_type="center")
axes.axhline(accuracies["baseline"] + 0.01, color="black", ls="--", label="0.01 above the baseline")
axes.axhline(0.85, color="red", label="at least 0.85")
axes.set(ylabel="accuracy on the held-out rows", ylim=(0, 1))
figure.legend(loc="outside upper center", ncols=2)
for result in measured.values():
    client.log_figure(result.run_id, figure, "gate.png")

# %% Promote with aliases: a copy for each environment, the trail on it, and the alias last
environments = ("iris_clf", "iris_clf_qa", "iris_clf_prod")
print("\nWith aliases          dev         QA          production")
for name in ("baseline", "challenger"):
    version, copied_from = versions[name], "none"
    print(f"  {name:20}", end="")
    for environment in environments:
        if environment != version.name:
            copied_from = f"models:/{version.name}/{version.version}"
            with contextlib.redirect_stderr(io.StringIO()):  # MLflow reports every copy.
                version = client.copy_model_version(copied_from, environment)
        trail = {
            "promoted_by": getpass.getuser(),
            "promoted_at": f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M:%S} UTC",
            "promoted_from": copied_from,
            "replaces": client.get_registered_model(environment).aliases.get("champion", "none"),
        }
        for key, value in trail.items():
            client.set_model_version_tag(environment, version.version, key, value)
        client.set_registered_model_alias(environment, "champion", version.version)
        print(f"version {version.version:4}", end="")
    print()
    model = mlflow.pyfunc.load_model("models:/iris_clf_prod@champion")
    assert (model.predict(heldout[columns]) == predictions[name]).all()

# %% Promote with stages: one registered model, and a stage of each version
staged = f"iris_stages_{run.info.run_id[:8]}"
client.create_registered_model(staged)
for name in ("baseline", "challenger"):
    source = f"models:/iris_clf/{versions[name].version}"
    client.create_model_version(staged, source, run_id=versions[name].run_id)
steps = [("1", "Staging"), ("1", "Production"), ("2", "Staging"), ("2", "Production")]
print("\nWith stages           baseline    challenger")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for number, stage in steps:
        client.transition_model_version_stage(
            staged, number, stage, archive_existing_versions=stage == "Production"
        )
        stages = [client.get_model_version(staged, version).current_stage for version in ("1", "2")]
        print(f"  {number} to {stage:17}{stages[0]:12}{stages[1]}")
assert stages == ["Archived", "Production"]
assert len(caught) == len(steps)
warned = f"{caught[0].category.__name__}: {caught[0].message}".partition(" To learn more")[0]
print(textwrap.indent(textwrap.fill(warned, 96), "    "))

# %% Roll back: the trail says to what, one call does it, the predictions prove it
print("\nRolled back           from        to          in")
for environment in environments:
    champion = client.get_model_version_by_alias(environment, "champion")
    now = f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M:%S} UTC"
    trace = f"{now} by {getpass.getuser()}: a drill"
    client.set_model_version_tag(environment, champion.version, "rolled_back", trace)
    started = time.perf_counter()
    client.set_registered_model_alias(environment, "champion", champion.tags["replaces"])
    seconds = time.perf_counter() - started
    previous_version = champion.tags["replaces"]
    print(
        f"  {environment:20}version {champion.version:4}version {previous_version:4}{seconds * 1000:.0f} ms"
    )
    answers = mlflow.pyfunc.load_model(f"models:/{environment}@champion").predict(heldout[columns])
    assert (answers == predictions["baseline"]).all()
changed = (predictions["challenger"] != predictions["baseline"]).sum()
assert changed > 0
print(f"  {changed} of {len(heldout)} flowers are called what the baseline calls them again")

# %% The trail: who put the challenger into production, when, on which evidence, and what became of it
print(f"\nThe trail of {champion.name} version {champion.version}: {champion.description}")
for key, value in sorted(client.get_model_version(champion.name, champion.version).tags.items()):
    print(f"  {key:16} {value}")

# %% Search: tags, and the run that every copy keeps
print("\nFound")
for filter_string in (
    f"run_id = '{champion.run_id}' and name LIKE 'iris_clf%'",
    f"name = 'iris_clf' and tags.gate_run = '{champion.tags['gate_run']}'",
    "name = 'iris_clf_prod' and tags.rolled_back LIKE '%: a drill'",
):
    matches = client.search_model_versions(filter_string, order_by=["name ASC"])
    assert any(match.run_id == champion.run_id for match in matches)
    print(f"  {filter_string}")
    print(f"    {', '.join(f'{match.name} version {match.version}' for match in matches[:3])}")

# %% Delete a version: nothing asks whether it is in use, and its alias goes too
client.set_registered_model_alias(staged, "champion", "2")
client.delete_model_version(staged, "2")
print("\nDeleted a version that was champion and in Production")
for address in ("/2", "@champion", "/Production"):
    try:
        mlflow.pyfunc.load_model(f"models:/{staged}{address}")
        raise AssertionError(f"models:/{staged}{address} still loads")
    except MlflowException as error:
        print(f"  models:/{staged}{address}\n    {error}")

# %% Delete a registered model: its versions go, and the files stay
client.delete_registered_model(staged)
print("Deleted its registered model")
try:
    mlflow.pyfunc.load_model(f"models:/{staged}/1")
    raise AssertionError(f"models:/{staged}/1 still loads")
except MlflowException as error:
    print(f"  models:/{staged}/1\n    {error}")
for uri in (versions["challenger"].source, f"models:/iris_clf/{versions['challenger'].version}"):
    model = mlflow.pyfunc.load_model(uri)
    assert (model.predict(heldout[columns]) == predictions["challenger"]).all()
    print(f"  {uri}\n    answers as before: the same files")

# %% What comes next: a candidate that examples/04_registry/promote.py judges
number = versions["successor"].version
client.set_registered_model_alias("iris_clf", "candidate", number)
print(f"\nmodels:/iris_clf@candidate is version {number}, the successor: promote.py judges it")
