"""Check the exercise of lesson 02: a query finds the best candidate, and only that one is registered.

First compare the logged scores with the scores that the models reach when they predict once more. Then
see which of the models are registered.
"""

# %% Imports
import contextlib
import io
import sys
import tempfile

import mlflow
import numpy as np
import pandas as pd
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split

from lab.checks.model import error_with_type
from lab.checks.registry import server_is_away, start_check

client = start_check()
run_it = "python tutorial/02_log/exercise.py"

# %% What the learner logged
experiment = client.get_experiment_by_name("02_log_exercise")
models = []
if experiment is not None and experiment.lifecycle_stage == "active":
    experiment_ids = [experiment.experiment_id]
    models = mlflow.search_logged_models(experiment_ids, output_format="list")
if not models:
    sys.exit(
        "There is no logged model in the experiment 02_log_exercise.\n"
        f"Run your exercise first: {run_it}"
    )
runs = {
    run.info.run_id: run.data for run in mlflow.search_runs(experiment_ids, output_format="list")
}

# %% The score of each: the model's own metric, or the metric of a run that has no other model
scores, names = {}, {}
for model in models:
    names[model.model_id] = f"{model.name} ({model.model_id})"
    own_metrics = [metric for metric in model.metrics or [] if metric.key == "test_accuracy"]
    run_id = model.source_run_id
    run = runs.get(run_id)
    alone = [model.source_run_id for model in models].count(run_id) == 1
    if own_metrics:
        # The server sorts by the newest value, too.
        newest = max(own_metrics, key=lambda metric: (metric.timestamp, metric.step))
        scores[model.model_id] = newest.value
    elif run and alone and "test_accuracy" in run.metrics:
        scores[model.model_id] = run.metrics["test_accuracy"]
if len(scores) < 3:
    params = {key for entity in (*runs.values(), *models) for key in entity.params or {}}
    tags = {key for entity in (*runs.values(), *models) for key in entity.tags or {}}
    metrics = sorted({key for run in runs.values() for key in run.metrics})
    advice = "Log the score of each candidate with mlflow.log_metric"
    if len(models) < 3:
        advice = "Log three candidates, each with its model and its score"
    elif "test_accuracy" in params:
        advice = (
            "You logged it as a parameter. Parameters are text, so a query cannot sort by them: use "
            "mlflow.log_metric"
        )
    elif "test_accuracy" in tags:
        advice = (
            "You logged it as a tag. Tags are text, so a query cannot sort by them: use "
            "mlflow.log_metric"
        )
    elif metrics:
        advice = (
            f"The metrics in your runs are: {', '.join(metrics)[:200]}. Use the one name "
            "test_accuracy for all, and say with model_id which model a score belongs to"
        )
    sys.exit(
        f"{len(scores)} of your {len(models)} models have the metric test_accuracy; at least 3 should.\n"
        f"{advice}, then {run_it}"
    )

# %% Let every candidate predict once more
iris = load_iris(as_frame=True)
X = iris.data
_, X_test, _, y_test = train_test_split(
    X, iris.target, test_size=0.3, random_state=7, stratify=iris.target
)
# A candidate may predict the species' names or their numbers.
species = dict(enumerate(iris.target_names))
expected = [species[number] for number in y_test]
# Candidates differ most between the species, where iris has few flowers.
between = pd.DataFrame(
    np.random.default_rng(2).uniform(X.min(), X.max(), (500, 4)), columns=X.columns
)
right, different = {}, set()
for model in models:
    if model.model_id not in scores:
        continue
    try:
        with (
            # MLflow does not delete its copy of the model, so give it a folder that we delete.
            tempfile.TemporaryDirectory() as copy,
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            loaded = mlflow.pyfunc.load_model(model.model_uri, dst_path=copy)
            answers = np.asarray(loaded.predict(X_test)).ravel().tolist()
            answers_between = np.asarray(loaded.predict(between))
    except (Exception, SystemExit) as error:
        if server_is_away(error):
            raise
        sys.exit(
            f"The candidate {names[model.model_id]} does not load or predict: {error_with_type(error)}\n"
            f"Log models that take the four iris columns as they are, then {run_it}"
        )
    matches = [
        species.get(answer, answer) == label
        for answer, label in zip(answers, expected, strict=False)
    ]
    right[model.model_id] = sum(matches) if len(answers) == len(expected) else 0
    run = runs.get(model.source_run_id)
    params = sorted({**(run.params if run else {}), **(model.params or {})}.items())
    different.add(repr((params, answers_between.tolist())))
    logged, true = scores[model.model_id], right[model.model_id] / len(expected)
    # Written with "not", so that not-a-number is refused, too.
    if not abs(logged - true) <= 0.005:
        sys.exit(
            f"The candidate {names[model.model_id]} has the test_accuracy {logged:.3f}, but the check "
            f"measures {true:.3f}: {right[model.model_id]} of the {len(expected)} flowers in X_test.\n"
            "Log each candidate's own score on X_test. If a run has several models, say with model_id "
            f"which model a score belongs to. Then {run_it}"
        )
if len(different) < 3:
    sys.exit(
        f"Your {len(scores)} candidates are really only {len(different)} "
        f"{'model' if len(different) == 1 else 'models'}: some have the same parameters and make the "
        f"same predictions.\nLog three different candidates, then {run_it}"
    )
most = max(right.values())
winners = [model_id for model_id, hits in right.items() if hits == most]
best = f"{names[winners[0]]} with test_accuracy {scores[winners[0]]:.3f}"
print(f"ok  a query by metric finds {len(scores)} candidates, the best with {most}/{len(expected)}")
print("ok  each candidate really has the score that you logged")

# %% Which candidates are registered, under any name
registered = {}
began = min(model.creation_timestamp for model in models)
for version in client.search_model_versions():
    # An older version cannot point to one of these models.
    if version.creation_timestamp < began:
        continue
    registered_id = next((model_id for model_id in names if model_id in version.source), None)
    if registered_id is None:
        # It was registered by its run or copied. Then its files say which model it is.
        uri = f"models:/{version.name}/{version.version}/MLmodel"
        try:
            with tempfile.TemporaryDirectory() as copy:
                file = mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=copy)
                registered_id = mlflow.models.Model.load(file).model_id
        except Exception as error:
            if server_is_away(error):
                raise
            # Somebody has just deleted it, or its files are gone.
            continue
    if registered_id in names:
        registered[version.name, int(version.version)] = registered_id
versions = [int(version.version) for version in client.search_model_versions("name='iris_best'")]
if not versions:
    sys.exit(
        f"There is no version of iris_best yet.\nRegister the best candidate, {best}, then {run_it}"
    )
if len(set(registered.values())) > 1:
    listed = ", ".join(f"{name} version {number}" for name, number in sorted(registered))
    sys.exit(
        f"{len(set(registered.values()))} candidates are registered, but only the best should be: "
        f"{listed}.\nRegister after the loop, when you know all scores, and only {best}. Then {run_it}"
    )
latest = registered.get(("iris_best", max(versions)))
if latest is None:
    sys.exit(
        f"The latest version of iris_best, version {max(versions)}, is none of the candidates in the "
        "experiment. It may be from an earlier attempt.\n"
        f"Register the best candidate, {best}, then {run_it}"
    )
if latest not in winners:
    score = f"test_accuracy {scores[latest]:.3f}" if latest in scores else "no test_accuracy"
    sys.exit(
        f"Version {max(versions)} of iris_best is {names[latest]} with {score}, but another candidate "
        f"is better.\nRegister the best candidate, {best}, then {run_it}"
    )
print(f"ok  iris_best version {max(versions)} is the best, and no other candidate is registered")
