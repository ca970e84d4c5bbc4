# %% [markdown]
"""
Solution: set an alias, so that colleagues can load your model by it.

Your turn: this script registers a model as iris_start_mine, but no version has an alias.
Add one line at the end that sets the alias champion on the version that was just registered.
Then models:/iris_start_mine@champion loads.

Then: lab check 0
"""

# %%
import os

import mlflow
import sklearn
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

# The lab's shell sets this variable to the address of its MLflow server.
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("00_start_exercise")

# %% The model
iris = load_iris(as_frame=True)
species = iris.target.map(dict(enumerate(iris.target_names)))
model = LogisticRegression(max_iter=1000).fit(iris.data, species)

# %% Log it in a run and register it
with mlflow.start_run():
    model_info = mlflow.sklearn.log_model(
        model,
        name="model",
        registered_model_name="iris_start_mine",
        input_example=iris.data.head(2),
        pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
    )
version = model_info.registered_model_version

# %% Set the alias champion on this version of iris_start_mine
mlflow.MlflowClient().set_registered_model_alias("iris_start_mine", "champion", version)
