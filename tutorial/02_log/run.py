# %% [markdown]
"""
# 02 Log a model in a run

Imagine that you have trained ten models since lesson 01 and saved each in a folder. Now your
colleague Ada asks which one is the best and how you trained it. The folders do not say. In this
lesson, MLflow's [tracking server](../words.md#tracking-server) keeps a record of each training, with
the model.

**You will be able to**

- record a training and its model, so that both are on the server,
- find the best of many models with a query,
- register that model under a name, so that others can load it.

**You need** lesson 01 and basic Python. **Time**: 10 minutes to read, 10 for the exercise.
"""

# %% [markdown]
"""
## 1. Record a training in a run

A [run](../words.md#run) is the record of one training. Runs that belong together are in one
[experiment](../words.md#experiment), here `02_log`. `set_experiment` creates it if necessary:
"""

# %%
import os

import mlflow
import sklearn
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

# The lab's shell sets this variable to the address of its MLflow server.
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
experiment = mlflow.set_experiment("02_log")

# %% [markdown]
"""
The model is the same [pipeline](../words.md#pipeline) as in lesson 01. This time you train it on
70% of the flowers and test it on the rest. In the run you record the
[parameters](../words.md#parameter) that you chose, the [metrics](../words.md#metric) that you
measured, and a picture. A file such as this picture is an [artifact](../words.md#artifact).
"""

# %%
iris = load_iris(as_frame=True)
X = iris.data
y = iris.target.map(dict(enumerate(iris.target_names)))
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=7, stratify=y)

# C=1.0 is also scikit-learn's default.
model = make_pipeline(StandardScaler(), LogisticRegression(C=1.0)).fit(X_train, y_train)

with mlflow.start_run(run_name="C=1.0") as run:
    mlflow.log_params({"C": 1.0, "test_size": 0.3, "random_state": 7})
    mlflow.log_metric("test_accuracy", model.score(X_test, y_test))
    picture = ConfusionMatrixDisplay.from_estimator(model, X_test, y_test, colorbar=False)
    mlflow.log_figure(picture.figure_, "confusion_matrix.png")

recorded = mlflow.get_run(run.info.run_id)
print(f"Parameter C:   {recorded.data.params['C']!r}")
print(f"test_accuracy: {recorded.data.metrics['test_accuracy']!r}")

# %% [markdown]
"""
The run ended with the `with` block, and `get_run` read its record from the server. Notice that the
parameter came back as text, `'1.0'`. The metric is still a number, so you can sort runs by it.

## 2. Log the model

The function `log_model` works like `save_model` in lesson 01,
but it sends the files to the server. It takes a `name` instead of a folder. Open the run again by
its id and log the model in it:
"""

# %%
# Without this list, MLflow would need seconds to find out what the model imports.
requirements = [f"scikit-learn=={sklearn.__version__}"]

with mlflow.start_run(run_id=run.info.run_id):
    model_info = mlflow.sklearn.log_model(
        model,
        name="model",
        signature=infer_signature(X_train, y_train),
        pip_requirements=requirements,
    )
print("The model's id is", model_info.model_id)

# %% [markdown]
"""
The result is a [logged model](../words.md#logged-model). Its id begins with `m-`. It gets a copy of
the parameters and metrics that the run has at that moment. To add a later metric to
the model, pass `model_id=` to `log_metric`.

## 3. Find the best run

With one run there is nothing to compare. Train two more models. You usually log everything in one
`with` block:
"""

# %%
for C in (0.1, 0.01):
    candidate = make_pipeline(StandardScaler(), LogisticRegression(C=C)).fit(X_train, y_train)
    accuracy = candidate.score(X_test, y_test)
    with mlflow.start_run(run_name=f"C={C}"):
        mlflow.log_params({"C": C, "test_size": 0.3, "random_state": 7})
        model_info = mlflow.sklearn.log_model(
            candidate,
            name="model",
            signature=infer_signature(X_train, y_train),
            pip_requirements=requirements,
        )
        mlflow.log_metric("test_accuracy", accuracy, model_id=model_info.model_id)

# %% [markdown]
"""
**Predict:** a smaller `C` means stronger regularization, so a simpler model. Which of 1.0, 0.1 and
0.01 has the best test accuracy? Ask the server:
"""

# %%
runs = mlflow.search_runs(
    experiment_names=["02_log"],
    # You may have run this lesson before: leave out the older runs.
    filter_string=f"attributes.start_time >= {run.info.start_time}",
    order_by=["metrics.test_accuracy DESC"],
)
columns = ["tags.mlflow.runName", "params.C", "metrics.test_accuracy"]
print("Runs, the best first:")
print(runs[columns].round(3).to_string(index=False))

# %% [markdown]
"""
`search_runs` returns a DataFrame with one row for each run, here the best first. Both
simpler models score worse. (0.01 beats 0.1 by two of 45 flowers, so it may be chance.)

## 4. Find the best model and register it

Ada needs the model's address, so search the models, not the runs. `search_logged_models` wants the
experiment's id, not its name, and its `order_by` is a list of dictionaries:
"""

# %%
best = mlflow.search_logged_models(
    experiment_ids=[experiment.experiment_id],
    order_by=[{"field_name": "metrics.test_accuracy", "ascending": False}],
    max_results=1,
    output_format="list",
)[0]
print("The best model has C =", best.params["C"])
print("Its address is", best.model_uri)

# %% [markdown]
"""
Nobody remembers such an address, so register the model under a name. Each model that you register
under a name becomes the next [version](../words.md#version) of that
[registered model](../words.md#registered-model).
"""

# %%
version = mlflow.register_model(best.model_uri, "iris_log")
print(f"{version.name}, version {version.version}, points to {version.source}")

# %% [markdown]
"""
The first two lines come from MLflow itself. The version does not copy the model, it points to it.
Each time you execute this code, it creates another version.

## Your turn

`tutorial/02_log/exercise.py` trains three candidates. It prints their
scores without logging them, and registers all three. Change the script in two places:

1. In the loop, log each score as the metric `test_accuracy`. Remove `registered_model_name`, which registers
   each model.
2. After the loop, find the best model as in step 4 and register only that one, as `iris_best`.

Then type in the lab's shell:

    python tutorial/02_log/exercise.py
    lab check 2

You have passed when the answer begins with `02_log: passed`. If you are stuck, ask for a hint:

    lab hint 2

## 5. Where the model is

**Predict:** in step 1 you logged the artifact `confusion_matrix.png`. Are the model's
files among the run's artifacts, too?
"""

# %%
artifacts = mlflow.artifacts.list_artifacts(run_id=best.source_run_id)
print("Artifacts of the run:", *[file.path for file in artifacts])
print("They are stored below     ", mlflow.get_run(best.source_run_id).info.artifact_uri)
print("The model is stored below ", best.artifact_location)
print("Metrics of the model:", {metric.key: metric.value for metric in best.metrics})

# %% [markdown]
"""
No. A logged model has its own place, beside the runs. Older tutorials look for the model among the
run's artifacts, but MLflow 3 does not put it there.

To load the model you need one of these three addresses:
"""

# %%
for uri in (
    f"runs:/{best.source_run_id}/model",
    best.model_uri,
    f"models:/iris_log/{version.version}",
):
    loaded = mlflow.sklearn.load_model(uri)
    same = (loaded.predict(X_test) == model.predict(X_test)).all()
    print("Same predictions:" if same else "Other predictions:", uri)

# %% [markdown]
"""
All three lead to the same model. Give Ada the last one, which she can read.

The `runs:/` address consists of the run's id and the `name` that you gave to `log_model`. If you use it in
`register_model`, MLflow prints a warning:

`Run with id … has no artifacts at artifact path 'model', registering model based on models:/m-… instead`

Nothing is wrong. MLflow looks among the run's artifacts first, finds no model there, and takes the
logged model instead.

## 6. Look in the browser

Type `lab`. Under *Open in a browser* it prints the address for runs and logged models. Open it,
click the experiment `02_log` and then the newest run `C=1.0`. (No runs? As in lesson 00, choose
*Model training* at the top left.)

![The run C=1.0 with its metric, parameters, logged model and registered model](.lesson/run.png)

The tab *Artifacts* shows your picture. Each row is a true species, each column a prediction. The model gets
one of the 45 flowers wrong: it takes a virginica for a versicolor.

![The run's artifacts: confusion_matrix.png](.lesson/artifacts.png)

## Go further

> **What about autolog?** After `mlflow.sklearn.autolog()`, each `fit` logs by itself. But it saves
> the model with cloudpickle, a kind of pickle, and not with [skops](../words.md#skops). If you also
> call `log_model`, the run has two models. We suggest `autolog(log_models=False)` and your own
> `log_model`. `lab run 2 autolog` shows both ways.

- `lab run 2 datasets`: [on which data a model was measured](REFERENCE.md#data-sets)
- `lab run 2 unsigned`: [what a model without a signature accepts](REFERENCE.md#models-without-a-signature)
- `lab run 2 pictures`: [a picture of the model's probabilities](REFERENCE.md#pictures)
- [Your model in the server's database and files](REFERENCE.md#what-the-server-stores)
- [All arguments of log_model](REFERENCE.md#save_model-and-log_model)
- [When it goes wrong](REFERENCE.md#when-it-goes-wrong)
"""
