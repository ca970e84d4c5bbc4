# %% [markdown]
"""
# 03 Load a model by its address

Your colleague Ada works with the same MLflow server and wants to use your flower model next week.
All she gets is an address, one line of text. As in lesson 02, you log and register a model. But now
the address must be enough to use the model and to reproduce your results.

**You will be able to**

- log a model together with everything that is needed to reproduce its results,
- predict which rows a model accepts and which it rejects,
- choose the address to hand out: a version, an alias, a stage or a run.

**You need** lesson 02 and basic Python. **Time**: 10 minutes to read, 10 for the exercise.
"""

# %% [markdown]
"""
## 1. Log the model and the evidence

First you train a model. `make_pipeline` joins a scaler and a classifier into a
[pipeline](../words.md#pipeline). It scales the rows itself, so Ada can send centimetres. You train
it on some flowers and test it on the others, the **held-out** flowers.
"""

# %%
import os
from importlib.metadata import version

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

# The lab's shell sets this variable to the address of its MLflow server.
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("03_models_pyfunc")

# %%
iris = load_iris(as_frame=True)
columns = list(iris.data.columns)
flowers = iris.data.assign(species=iris.target.map(dict(enumerate(iris.target_names))))
train, heldout = train_test_split(
    flowers, test_size=0.4, random_state=7, stratify=flowers["species"]
)
# A CSV file does not keep the row numbers, so let both tables begin with row 0.
train, heldout = train.reset_index(drop=True), heldout.reset_index(drop=True)

# make_pipeline names each step after its class. This is the C of the step logisticregression.
settings = {"logisticregression__C": 0.5, "logisticregression__max_iter": 500}
pipeline = make_pipeline(StandardScaler(), LogisticRegression()).set_params(**settings)
pipeline.fit(train[columns], train["species"])
predicted = pipeline.predict(heldout[columns])
accuracy = float((predicted == heldout["species"]).mean())
print(
    f"Trained on {len(train)} flowers. Accuracy on {len(heldout)} held-out flowers: {accuracy:.4f}"
)

# %% [markdown]
"""
Nobody can tell from a model alone whether it still answers as it did today. So the
[run](../words.md#run) also records the settings, the training rows, and the held-out rows with
today's predictions.
"""

# %%
train_data = mlflow.data.from_pandas(train, targets="species", name="iris_train")
heldout_data = mlflow.data.from_pandas(heldout, targets="species", name="iris_heldout")
# Without this list, MLflow would need seconds to find out what the model imports.
packages = [f"{name}=={version(name)}" for name in ("numpy", "pandas", "scikit-learn")]
with mlflow.start_run(run_name="for Ada") as run:
    mlflow.log_params(settings)
    mlflow.log_text(train.to_csv(index=False), "data/train.csv")
    evidence = heldout.assign(predicted=predicted)
    mlflow.log_text(evidence.to_csv(index=False), "evaluation/heldout.csv")
    model_info = mlflow.sklearn.log_model(
        pipeline,
        name="model",
        signature=infer_signature(train[columns], predicted),
        input_example=train[columns].head(3),
        pip_requirements=packages,
    )
    mlflow.log_input(train_data, context="train")
    mlflow.log_input(heldout_data, context="heldout")
    mlflow.log_metric(
        "heldout_accuracy", accuracy, model_id=model_info.model_id, dataset=heldout_data
    )
print("Run:                     ", run.info.run_id)
print("Logged model:            ", model_info.model_id)
print("Digest of held-out rows: ", heldout_data.digest)

# %% [markdown]
"""
`log_input` records a **digest** of the rows, a short fingerprint: if it differs, the
tables differ. With `model_id` and `dataset`, the metric belongs to this model and these rows.

## 2. Give it a name and an alias

Nobody remembers the id of a run. Register the model as a [version](../words.md#version) of
`iris_clf`, and give this version a label that you can move later: the
[alias](../words.md#alias) `champion`. Also set its [stage](../words.md#stage), an older kind of
label, to `Production`. Versions that were in this stage before become archived.
"""

# %%
registered = mlflow.register_model(model_info.model_uri, "iris_clf")
client = MlflowClient()
client.set_registered_model_alias("iris_clf", "champion", registered.version)
client.transition_model_version_stage(
    "iris_clf", registered.version, "Production", archive_existing_versions=True
)
print(f"iris_clf version {registered.version} has the alias champion and the stage Production.")

# On the same server, Ada needs only these two lines.
model = mlflow.pyfunc.load_model("models:/iris_clf@champion")
answers = model.predict(heldout[columns])

print(f"Ada gets your prediction for {(answers == predicted).sum()} of {len(heldout)} flowers.")

# %% [markdown]
"""
> **About the warning.** Stages still work, but MLflow will remove them. In new projects, use only
> aliases. This lesson sets both, because many teams still load `models:/iris_clf/Production`.

After *Your turn*, open the experiment `03_models_pyfunc` in your browser, then its newest run
`for Ada`, then `iris_clf` under *Registered models*. The version's page has the stage, the alias and,
under *Schema*, the [signature](../words.md#signature):

![The page of the version, with its stage, its alias and a schema of four inputs](.lesson/version.png)

## 3. See what the signature accepts

Ada's rows come from her own table. [pyfunc](../words.md#pyfunc), which loaded the model, compares
them with the [signature](../words.md#signature) before the model sees them. This signature requires
four columns of type `double`, which pandas calls `float64`.

**Predict:** which of these five tables does pyfunc accept?
"""

# %%
# Rounded, so that int64 changes no value.
rows = heldout[columns].head(3).round()
tables = {
    "as agreed": rows,
    "a typo in a name": rows.rename(columns={"sepal length (cm)": "sepal lenght (cm)"}),
    "an extra column": rows.assign(colour="blue"),
    "columns in another order": rows[columns[::-1]],
    "whole numbers, int64": rows.astype("int64"),
}

# %%
print("What pyfunc does with each table:")
for name, table in tables.items():
    try:
        print(f"  {name}: accepted, the model answers {', '.join(model.predict(table))}")
    except MlflowException as error:
        # The message begins with all the rows. Its last part says what is wrong.
        reason = str(error).rpartition("Error: ")[2]
        print(f"  {name}: rejected\n    {reason}")

# %% [markdown]
"""
MLflow catches the typo. The order does not matter, because pyfunc puts the columns into the model's
order. It drops the extra column and logs the `WARNING`. The last line surprises many people: a
`double` cannot store every large whole number, so MLflow rejects `int64`. Send
`table.astype("float64")`.

But a signature knows no units: centimetres and scaled values are both `double`.

## Your turn

The script `tutorial/03_models_pyfunc/exercise.py` logs a classifier without its scaler. Ada sends
centimetres to the address. She gets no error, but most answers are wrong, because the classifier
was trained on scaled values. Run it and compare the two accuracies that it prints:

    python tutorial/03_models_pyfunc/exercise.py

Then change two things:

1. Make the scaler a part of the model, as in step 1. Train and predict with this pipeline.
2. Give `log_model` a signature, so that MLflow rejects rows with a renamed column.

Run it again: after change 1, both accuracies are the same. The check tests change 2, too:

    lab check 3

You have passed when the answer begins with `03_models_pyfunc: passed`. Then go on with step 4. If
you are stuck, type:

    lab hint 3

## 4. Choose the address to hand out

A model has several addresses, and some of them move.

**Predict:** tomorrow you register the next version and move the alias and the stage to it. Which of
these six addresses then lead to the new version? Today all of them lead to the same model:
"""

# %%
for uri in (
    model_info.model_uri,
    f"runs:/{run.info.run_id}/model",
    f"models:/iris_clf/{registered.version}",
    "models:/iris_clf/latest",
    "models:/iris_clf@champion",
    "models:/iris_clf/Production",
):
    answers = mlflow.pyfunc.load_model(uri).predict(heldout[columns])
    print("Same predictions: " if (answers == predicted).all() else "Other predictions:", uri)

# %% [markdown]
"""
| Address | Leads to | When does it move? |
|---|---|---|
| `models:/m-…` | this logged model | never |
| `runs:/<run id>/model` | what the run logged as `model` | if the run logs another `model` |
| `models:/iris_clf/1` | what you registered as version 1 | never |
| `models:/iris_clf/latest` | the highest version | with every new version |
| `models:/iris_clf@champion` | the version with the alias | with the alias |
| `models:/iris_clf/Production` | the highest version in the stage | with the stage |

So tomorrow the last three move. Give Ada the alias. In a report, name the version, which does not
move. A version
always leads to the same logged model, but somebody can still change that model's files:
`mlflow.models.set_signature`, for example,
[rewrites one of them](REFERENCE.md#what-a-version-does-not-protect). A later lesson shows how to
notice that.

## 5. Reproduce the results

Months later somebody doubts your results. This example loads the model of this
lesson's latest run, predicts the recorded rows again, and compares:

```console
$ python examples/03_models_pyfunc/reproduce_run.py
model  runs:/.../model
       m-..., iris_clf version ... (stage ...)
run    ..., for Ada

The model predicts the held-out rows of its run again:
                    recorded              reproduced
accuracy            0.9666666666666667    0.9666666666666667    equal
predictions         60                    60                    equal
held-out digest     39c4d166              39c4d166              equal

Packages            when logged           now
python              3...
mlflow              3.17.2                3.17.2
numpy               ...
pandas              ...
scikit-learn        ...

Reproduced: nothing differs.
```

The exit code is 0 if all results are equal, otherwise 1. To choose the model by its address, set
`MODEL_URI`:

    MODEL_URI="models:/iris_clf/Production" python examples/03_models_pyfunc/reproduce_run.py

## Go further

- `lab predict 3`: guess how pyfunc reacts to fourteen kinds of input.
- `lab run 3 contract`: all of them in one table, with a signature and without.
- `lab run 3 integers`: whole numbers that may be missing, and optional columns.
- `lab run 3 dates`: dates with a time zone.
- `lab run 3 scaler_outside`: the mistake of the exercise in numbers.
- `lab lineage models:/iris_clf@champion`: who trained the model, when, and from which data and code.

The [reference](REFERENCE.md) explains these scripts, [every address](REFERENCE.md#addresses), and
[the errors that people meet](REFERENCE.md#when-it-goes-wrong).
"""
