# %% [markdown]
"""
# 04 Promote a model and roll it back

Ana, Ben and Cleo work on the same model. On Friday, users report wrong answers from production. Who
put that version there, and was it tested? How do you get the previous one back? In lesson 03 you
moved an alias by hand, and nothing recorded why.

**You will be able to**

- let a gate decide whether a new version may go to production,
- promote a version from development to QA to production, and record who did it and when,
- roll back to the previous version with one call.

**You need** lesson 03 and basic Python. **Time**: 15 minutes to read, 15 for the exercise.
"""

# %% [markdown]
"""
## 1. Register a baseline and two challengers

You need three words:

- The **baseline** is the model that you compare others with. Here it is Ana's.
- A **challenger** is a model that somebody wants to use instead. Ben and Cleo have one each.
- The **champion** is the version in use. The [alias](../words.md#alias) `champion` marks it.

Each environment gets its own [registered model](../words.md#registered-model): `iris_dev` for
development, `iris_qa` for quality assurance (QA), and `iris_prod` for production. If development
moves its alias, production still loads the same version.
"""

# %%
import os
import textwrap
from datetime import UTC, datetime

import mlflow
import sklearn
from mlflow import MlflowClient
from mlflow.models import MetricThreshold, make_metric
from mlflow.models.evaluation.validation import ModelValidationFailedException
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

# The lab's shell sets this variable to the address of its MLflow server.
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("04_registry")
client = MlflowClient()
for name in ("iris_dev", "iris_qa", "iris_prod"):
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name)

# %% [markdown]
"""
All models train on the same rows, but they use different columns. 60 flowers are held out: no model
sees them during training, so they show how good a model is.
"""

# %%
iris = load_iris(as_frame=True)
columns = list(iris.data.columns)
flowers = iris.data.assign(species=iris.target.map(dict(enumerate(iris.target_names))))
train, heldout = train_test_split(flowers, test_size=0.4, random_state=7, stratify=iris.target)
# Number the rows from 0, so that rows read back from a CSV file keep this digest.
heldout = heldout.reset_index(drop=True)
dataset = mlflow.data.from_pandas(heldout, targets="species", name="iris_heldout")


def fit(features, **settings):
    """Train a model that takes all columns and uses some of them."""
    scaler = make_column_transformer((StandardScaler(), features))
    model = make_pipeline(scaler, LogisticRegression(**settings))
    return model.fit(train[columns], train["species"])


# %% [markdown]
"""
The next function logs a model in a [run](../words.md#run) together with the held-out rows, and then
registers it. `create_model_version` registers like `register_model` and also takes a description.
Tags and the description tell your colleagues what a version is.
"""


# %%
def register(author, model, description):
    """Log a model in a run, and register it as a version of iris_dev."""
    predicted = model.predict(heldout[columns])
    rows = heldout.assign(predicted=predicted)
    with mlflow.start_run(run_name=f"train the model by {author}") as run:
        mlflow.log_input(dataset, context="heldout")
        mlflow.log_text(rows.to_csv(index=False), "evaluation/heldout.csv")
        mlflow.log_metric("heldout_accuracy", (predicted == heldout["species"]).mean())
        model_info = mlflow.sklearn.log_model(
            model,
            name="model",
            input_example=train[columns].head(3),
            # MLflow needs a few seconds to find the packages by itself.
            pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
        )
    return client.create_model_version(
        "iris_dev",
        source=model_info.model_uri,
        run_id=run.info.run_id,
        model_id=model_info.model_id,
        tags={"author": author},
        description=description,
    )


# %%
baseline = register("Ana", fit(columns[2:3]), "Uses the petal length.")
from_ben = register("Ben", fit(columns[:2]), "Uses the sepals.")
from_cleo = register("Cleo", fit(columns[2:]), "Uses the petals.")
for version in (baseline, from_ben, from_cleo):
    author = version.tags["author"]
    print(f"iris_dev version {version.version} is the model by {author}. {version.description}")

# %% [markdown]
"""
## 2. Measure all of them on the same rows

You can compare two accuracies only if they were measured on the same rows.
`mlflow.models.evaluate` lets a model predict the rows of a data set and computes your metrics. It
records them in the run and on the [logged model](../words.md#logged-model).
"""

# %%
accuracy = make_metric(
    eval_fn=lambda predictions, targets: float((predictions == targets).mean()),
    greater_is_better=True,
    name="accuracy",
)
results = {}
for version in (baseline, from_ben, from_cleo):
    author = version.tags["author"]
    model = mlflow.pyfunc.load_model(f"models:/iris_dev/{version.version}")
    with mlflow.start_run(run_name=f"measure the model by {author}"):
        results[author] = mlflow.models.evaluate(model, dataset, extra_metrics=[accuracy])
    print(f"{author:6}accuracy {results[author].metrics['accuracy']:.4f}")

# %% [markdown]
"""
## 3. Let a gate decide

A gate is a check that a challenger must pass before anybody uses it. This gate asks for an accuracy
of at least 0.85, and for at least 0.01 more than the baseline's. You write these limits into a
`MetricThreshold`. `mlflow.validate_evaluation_results` takes the challenger's result and the result
to compare it with. It raises an error if the challenger fails.

**Predict:** which challenger passes? How many reasons does MLflow give for refusing the other one?
"""

# %%
rule = MetricThreshold(threshold=0.85, min_absolute_change=0.01, greater_is_better=True)
for version in (from_ben, from_cleo):
    author = version.tags["author"]
    try:
        mlflow.validate_evaluation_results({"accuracy": rule}, results[author], results["Ana"])
        decision = f"passed: accuracy = {results[author].metrics['accuracy']:.4f}"
    except ModelValidationFailedException as error:
        decision = f"refused: {error}"
    client.set_model_version_tag("iris_dev", version.version, "gate", decision)
    client.set_model_version_tag("iris_dev", version.version, "gate_run", results[author].run_id)
    print(textwrap.fill(f"{author}: {decision}", 96, subsequent_indent="    "))

# %% [markdown]
"""
MLflow gives both reasons. It calls the challenger `candidate model`, and what you compare it with
`baseline model`. The tags `gate` and
`gate_run` now record the decision and the run with the measurement. After *Your turn*,
`lab run 4 gate_picture` logs the decision as a picture:

![Three bars, of which only Cleo's reaches over both lines of the gate](.lesson/gate.png)

## Your turn

In `exercise.py` the baseline is the first champion of `iris_gate`. Then four challengers arrive, and
each becomes champion, whatever its accuracy. Put a gate in front of the alias:

1. Measure every version, the baseline too, as in section 2.
2. Let the gate of section 3 decide. Import what is missing, as in section 1. Compare
   each challenger with the champion of that moment.
3. Record the decision in the tag `gate`: just `passed`, or `refused: ` and MLflow's message.
4. Only if the challenger passed, set its tag `replaces` to the number of the champion that it
   replaces. Then move the alias.

Run it, and check it:

    python tutorial/04_registry/exercise.py
    lab check 4
    lab hint 4

You have passed when `lab check 4` prints three lines that begin with `ok`. Section 5 uses a tag
`replaces` to roll back.

## 4. Promote

`copy_model_version` creates a version in another registered model. The copy has the tags, the
description and the run of the original, and it uses the same files. It does not have the alias.

The order matters. First, tags record who promoted the version and which champion it replaces. **The
alias moves last**, so the record is complete before anybody loads the new champion.
"""


# %%
def promote(version, environment, person):
    """Copy a version to an environment, record the promotion, and make the copy the champion."""
    source = f"models:/{version.name}/{version.version}"
    copy = client.copy_model_version(source, environment)
    aliases = client.get_registered_model(environment).aliases
    record = {
        "promoted_by": person,
        "promoted_at": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC",
        "promoted_from": source,
        "replaces": aliases.get("champion", "none"),
    }
    for key, value in record.items():
        client.set_model_version_tag(environment, copy.version, key, value)
    client.set_registered_model_alias(environment, "champion", copy.version)
    return client.get_model_version(environment, copy.version)


# %% [markdown]
"""
In the story the baseline is already in production. To get to that point, promote it first. Then
promote Cleo's challenger, which passed the gate. Each goes to QA, and from there to production.
"""

# %%
in_qa = promote(baseline, "iris_qa", "Ana")
promote(in_qa, "iris_prod", "Ana")
in_qa = promote(from_cleo, "iris_qa", "Cleo")
champion = promote(in_qa, "iris_prod", "Ana")

print(f"iris_prod version {champion.version} is champion. {champion.description}")
for key in ("author", "gate", "gate_run", "promoted_by", "promoted_at", "promoted_from"):
    print(f"  {key:14}{champion.tags[key]}")
print(f"  replaces      version {champion.tags['replaces']}")

# %% [markdown]
"""
MLflow prints two lines for each copy. Below them, the tags answer two of Friday's questions: Ana put
this version into production, and it passed the gate.

## 5. Roll back

It is Friday, and users report wrong species. Roll back first, and look for the cause later. The tag
`replaces` has the number of the previous champion. One call moves the alias back to it.

**Predict:** does the champion of QA change too?
"""

# %%
reason = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC by Ben: users report wrong species"
client.set_model_version_tag("iris_prod", champion.version, "rolled_back", reason)
client.set_registered_model_alias("iris_prod", "champion", champion.tags["replaces"])

answers = {}
for environment in ("iris_qa", "iris_prod"):
    current = client.get_model_version_by_alias(environment, "champion")
    print(f"{environment}: version {current.version} is champion. {current.description}")
    model = mlflow.pyfunc.load_model(f"models:/{environment}@champion")
    answers[environment] = model.predict(heldout[columns])
differ = answers["iris_qa"] != answers["iris_prod"]
print(f"They disagree about {differ.sum()} of {len(heldout)} flowers.")

# %% [markdown]
"""
Production uses the baseline again. QA still uses Cleo's model, because each registered model has its
own aliases. You can look for the cause in QA.

In the browser's *Model registry*, open
[iris_qa](http://localhost:5000/#/models/iris_qa?workflowType=machine_learning). You see both
versions.

![Two versions of iris_qa with their tags; the newer one is champion](.lesson/registered_model.png)

## 6. One more thing: let CI promote

On many teams nobody types these steps. A server runs them as a script: this is called continuous
integration (CI). Ben has a new model. The alias `challenger` tells the script which version to test.
"""

# %%
challenger = register("Ben", fit(columns, C=100), "Uses all columns.")
client.set_registered_model_alias("iris_dev", "challenger", challenger.version)
print(f"models:/iris_dev@challenger is version {challenger.version}. {challenger.description}")

# %% [markdown]
"""
`promote.py` measures the challenger, applies the gate, and promotes it to `iris_prod` without
QA. `rollback.py` rolls back as in section 5.

    python examples/04_registry/promote.py
    python examples/04_registry/rollback.py

## Go further

- `lab run 4 stages`: promote with [stages](../words.md#stage), as older projects do.
- `lab run 4 search`: find a model in all environments, for an audit.
- `lab run 4 delete`: what disappears when you delete a version, and what stays.
- [REFERENCE.md](REFERENCE.md) explains all these scripts, and lists
  [the errors that people meet](REFERENCE.md#when-it-goes-wrong).
"""
