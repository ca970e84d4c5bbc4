# %% [markdown]
"""
# 00 Start

You trained a classifier in a notebook, and a colleague wants to use it. MLflow keeps models on a
server, where people and programs load them by name.

**You will be able to**

- log and register a model
- load it by an alias
- find it in your browser

**You need** basic Python and scikit-learn. **Time**: 5 minutes, once the lab runs.

**Enter the lab first.** Open a terminal in the lab's folder, which contains the file `Makefile`, and
type:

    make up
    make shell
    lab

`make up` starts MLflow, in Docker if you have it. The first start takes a few minutes. `make shell`
opens the [lab's shell](../words.md#the-labs-shell). There, `lab` shows what to do next.

If you see `lab: command not found` or `No module named 'mlflow'`, you are not in the lab's shell.
Type `make shell` again.
"""

# %% [markdown]
"""
## 1. Six words

```mermaid
flowchart LR
    subgraph experiment [experiment 00_start]
        run --> model[logged model]
    end
    subgraph registered [registered model iris_start]
        version[version 1]
    end
    model --> version --- alias([alias champion]) --> program[your program]
```

- A [run](../words.md#run) records one execution of your training code.
- An [experiment](../words.md#experiment) is a named group of runs.
- A [logged model](../words.md#logged-model) is a trained model that a run saved on the server.
- A [registered model](../words.md#registered-model) is a named list of models for one task.
- A [version](../words.md#version) is one entry of that list: a logged model with a number.
- An [alias](../words.md#alias) is a label on a version. You can move the label to another version.

## 2. Log and register a model

Your model predicts the species of an iris flower. Inside a run, one call logs and registers it.
"""

# %%
import os

import mlflow
import sklearn
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

# The lab's shell sets this variable to the address of its MLflow server.
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("00_start")

iris = load_iris(as_frame=True)
species = iris.target.map(dict(enumerate(iris.target_names)))
model = LogisticRegression(max_iter=1000).fit(iris.data, species)

with mlflow.start_run():
    model_info = mlflow.sklearn.log_model(
        model,
        name="model",
        registered_model_name="iris_start",
        input_example=iris.data.head(2),  # Shows other people which columns the model takes.
        # Without this list, MLflow spends seconds finding out which packages the model needs.
        pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
    )

# %% [markdown]
"""
MLflow created version 1. If you have run this lesson already, the number is higher.

## 3. Load the model by its alias

The next lines put the alias `champion` on the new version. Now `models:/iris_start@champion` is an
address that leads to it.

**Predict:** look at what the model was trained on. What will it answer for one flower: a number from
0 to 2, or the name of a species?
"""

# %%
version = model_info.registered_model_version
mlflow.MlflowClient().set_registered_model_alias("iris_start", "champion", version)

champion = mlflow.pyfunc.load_model("models:/iris_start@champion")
flower = iris.data.iloc[[120]]
print(f"models:/iris_start@champion is version {version}.")
print("Its answer for one flower:", champion.predict(flower)[0])

# %% [markdown]
"""
The model answers with a name, because it was trained on names. To load it you need no training
code. `MlflowClient` manages registered models and their aliases. `mlflow.pyfunc` loads models of many
libraries, as lesson 01 explains.

## Your turn

`tutorial/00_start/exercise.py` registers a model as `iris_start_mine`, which has no alias yet. Open
the file in an editor on your computer. Add one line at its end that sets the alias `champion` on the
new version. Save the file: the lab's shell sees it at once. Then type there:

    python tutorial/00_start/exercise.py
    lab check 0

You have passed when you see this. The number of the version may be higher:

```text
00_start: passed
ok  models:/iris_start_mine@champion (version 1) is the version that you registered last
ok  it loads, and it names the species of nine flowers
```

If you are stuck:

    lab hint 0

Afterwards you can see how our solution differs from your file:

    lab solution 0

## 4. Run the lesson again

**Predict:** which version does `models:/iris_start@champion` load after one more run?

    lab run 0

```text
Registered model 'iris_start' already exists. Creating a new version of this model...
Created version '2' of model 'iris_start'.
models:/iris_start@champion is version 2.
Its answer for one flower: virginica
```

The second run registered version 2 and moved the alias to it. The address is the same, so your
programs stay as they are.

## 5. Find the models in your browser

1. Open <http://localhost:5000> in your browser. If your lab uses another port, `lab` prints the
   address. If a window about a new user interface opens, close it.
2. The first time, choose *Model training* at the top left. MLflow opens in a view for language
   models (GenAI), which hides your models.
3. Click *Experiments* and then `00_start`. You see its runs.
4. Click *Model registry* and then `iris_start`. You see its versions and the alias.

## Go further

- [REFERENCE.md](REFERENCE.md): each call of this lesson, and
  [the errors that people meet](REFERENCE.md#when-it-goes-wrong).
- To stop for today, leave the lab's shell with `exit` and type `make down`. Your models are kept.
"""
