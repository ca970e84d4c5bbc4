"""Check lesson 02's exercise: find the best candidate by a query, and see who is registered.

Compare the logged scores with the scores that the models reach when they are asked again. Then compare
the registry with the best of them.
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
        f"No model is logged in experiment 02_log_exercise.\nRun your exercise first: {run_it}"
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
        # As the server does when it sorts.
        newest = max(own_metrics, key=lambda metric: (metric.timestamp, metric.step))
        scores[model.model_id] = newest.value
    elif run and alone and "test_accuracy" in run.metrics:
        scores[model.model_id] = run.metrics["test_accuracy"]
if len(scores) < 3:
    params = {key for entity in (*runs.values(), *models) for key in entity.params or {}}
    tags = {key for entity in (*runs.values(), *models) for key in entity.tags or {}}
    metrics = sorted({key for run in runs.values() for key in run.metrics})
    advice = "Log the score of each with mlflow.log_metric"
    if len(models) < 3:
        advice = "Log three candidates, each with its model and its score"
    elif "test_accuracy" in params:
        advice = (
            "As a parameter it is text, and no query sorts by it: log it with mlflow.log_metric"
        )
    elif "test_accuracy" in tags:
        advice = "As a tag it is text, and no query sorts by it: log it with mlflow.log_metric"
    elif metrics:
        advice = (
            f"Metrics found: {', '.join(metrics)[:200]}. One name for all, test_accuracy, "
            "makes them comparable, and model_id says whose it is"
        )
    sys.exit(
        f"{len(scores)} of {len(models)} models in experiment 02_log_exercise have a metric "
        f"test_accuracy, expected at least 3.\n{advice}, then {run_it}"
    )

# %% Ask every candidate again
X, y = load_iris(as_frame=True, return_X_y=True)
_, X_test, _, y_test = train_test_split(X, y, test_size=0.3, random_state=7, stratify=y)
expected = y_test.tolist()
# Where candidates differ, they do so between the species, where iris has few flowers.
between = pd.DataFrame(
    np.random.default_rng(2).uniform(X.min(), X.max(), (500, 4)), columns=X.columns
)
right, different = {}, set()
for model in models:
    if model.model_id not in scores:
        continue
    try:
        with (
            # Without a folder of ours MLflow would leave its copy of the model behind.
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
            f"Candidate {names[model.model_id]} cannot be loaded and asked: {error_with_type(error)}\n"
            f"Log models that load, and take iris's four columns as they are, then {run_it}"
        )
    matches = [answer == label for answer, label in zip(answers, expected, strict=False)]
    right[model.model_id] = sum(matches) if len(answers) == len(expected) else 0
    run = runs.get(model.source_run_id)
    params = sorted({**(run.params if run else {}), **(model.params or {})}.items())
    different.add(repr((params, answers_between.tolist())))
    logged, true = scores[model.model_id], right[model.model_id] / len(expected)
    # Not <=, rather than >: not-a-number is no score either.
    if not abs(logged - true) <= 0.005:
        sys.exit(
            f"Candidate {names[model.model_id]} has test_accuracy {logged:.3f}, but asked again it "
            f"gets {right[model.model_id]} of X_test's {len(expected)} flowers right: {true:.3f}.\n"
            "Log each one's own score on X_test (where a run has several models, model_id says "
            f"whose it is), then {run_it}"
        )
if len(different) < 3:
    sys.exit(
        f"The {len(scores)} candidates are only {len(different)} different: the others have the "
        "same parameters and answer the same to 500 flowers.\n"
        f"Log three that differ, then {run_it}"
    )
most = max(right.values())
winners = [model_id for model_id, hits in right.items() if hits == most]
best = f"{names[winners[0]]}, test_accuracy {scores[winners[0]]:.3f}"
print(f"ok  a query by metric finds {len(scores)} candidates, the best with {most}/{len(expected)}")
print("ok  asked again, each gets the score that was logged for it")

# %% Who is registered, under whatever name
registered = {}
began = min(model.creation_timestamp for model in models)
for version in client.search_model_versions():
    # An older one cannot be of these models.
    if version.creation_timestamp < began:
        continue
    registered_id = next((model_id for model_id in names if model_id in version.source), None)
    if registered_id is None:
        # Registered by its run or copied: then the files say which model it is.
        uri = f"models:/{version.name}/{version.version}/MLmodel"
        try:
            with tempfile.TemporaryDirectory() as copy:
                file = mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=copy)
                registered_id = mlflow.models.Model.load(file).model_id
        except Exception as error:
            if server_is_away(error):
                raise
            # Deleted in between, or its files are gone.
            continue
    if registered_id in names:
        registered[version.name, int(version.version)] = registered_id
versions = [int(version.version) for version in client.search_model_versions("name='iris_best'")]
if not versions:
    sys.exit(f"There is no version of iris_best.\nRegister the best, {best}, then {run_it}")
if len(set(registered.values())) > 1:
    listed = ", ".join(f"{name} {number}" for name, number in sorted(registered))
    sys.exit(
        f"{len(set(registered.values()))} of the candidates are registered: {listed}; expected "
        "one.\nRegister the best only, "
        f"when all scores are known: {best}. Then {run_it}"
    )
latest = registered.get(("iris_best", max(versions)))
if latest is None:
    sys.exit(
        f"The latest version of iris_best, {max(versions)}, is none of the candidates that the "
        "experiment has now: it is older, or its model was deleted, or is another's.\n"
        f"Register the best, {best}, then {run_it}"
    )
if latest not in winners:
    score = f"test_accuracy {scores[latest]:.3f}" if latest in scores else "no test_accuracy"
    sys.exit(
        f"Version {max(versions)} of iris_best is {names[latest]}, {score}; "
        f"the query finds a better one.\nRegister the best, {best}, then {run_it}"
    )
print(f"ok  iris_best version {max(versions)} is the best, and no other candidate is registered")
