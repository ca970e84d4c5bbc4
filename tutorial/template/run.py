# %% [markdown]
"""
# 00 Template

A colleague wants to use your model and does not want to know which run or which version it is. In
this lesson you give the model an address that never changes.

**You will be able to**

- log a model and register it in one call
- give a version the alias `champion`
- load the version by that alias

**You need** basic Python. **Time**: 5 minutes to read, 5 minutes for the exercise.
"""

# %% [markdown]
"""
## 1. Train a model

First you need a model. This one names the species of an iris from four measurements.
"""

# %%
import os

import mlflow
import sklearn
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

# The lab's shell sets this variable to the address of its MLflow server.
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("00_template")

iris = load_iris(as_frame=True)
X = iris.data
y = iris.target.map(dict(enumerate(iris.target_names)))
model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)

# %% [markdown]
"""
## 2. Log and register it

`log_model` uploads the model to MLflow. With `registered_model_name` it also creates a version of a
[registered model](../words.md#registered-model). Then the version gets the
[alias](../words.md#alias) `champion`.
"""

# %%
with mlflow.start_run():
    model_info = mlflow.sklearn.log_model(
        model,
        name="model",
        registered_model_name="iris_template",
        signature=infer_signature(X, model.predict(X)),
        # MLflow would find the packages by itself, in a few seconds.
        pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
    )
version = str(model_info.registered_model_version)
mlflow.MlflowClient().set_registered_model_alias("iris_template", "champion", version)
print(f"champion is version {version}")

# %% [markdown]
"""
## Your turn

`tutorial/00_template/exercise.py` registers a model, but nobody can load it by an alias. Give the
new version the alias `champion`, so that `models:/iris_template_mine@champion` loads it. Then run the
exercise and check it:

    python tutorial/00_template/exercise.py
    lab check 00

`lab hint 00` gives you a hint.

## 3. Load it by the alias

**Predict:** the next cell knows the alias and nothing else. Which species will the model name for a
flower of each species?
"""

# %%
champion = mlflow.pyfunc.load_model("models:/iris_template@champion")
answers = champion.predict(X.iloc[[0, 60, 120]])
print(f"models:/iris_template@champion answers {', '.join(answers)}")

# %% [markdown]
"""
The model is the same one. If somebody moves the alias to another version, your colleague gets that
version and changes nothing.

The address `models:/iris_template/1` works, too. It always means version 1, so use it where the
version must not change.

## Go further

- [REFERENCE.md](REFERENCE.md) lists [the errors that people meet](REFERENCE.md#when-it-goes-wrong)
  and pages of MLflow's documentation.
- `lab trace models:/iris_template@champion` shows where the server keeps this model.
"""
