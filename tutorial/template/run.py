# %% [markdown]
"""
Log a model, register it, and load it by an alias.

What to look at: the model that answers at the end was loaded by its address alone.
"""

# %% Imports
import contextlib
import os
import sys

import mlflow
import sklearn
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

# Without an address MLflow would quietly write to a file mlflow.db in this folder.
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("00_template")

# %% The model
measures, species = load_iris(as_frame=True, return_X_y=True)
model = make_pipeline(StandardScaler(), LogisticRegression()).fit(measures, species)

# %% In a run, and registered; MLflow reports the new version on stderr
with mlflow.start_run(), contextlib.redirect_stderr(sys.stdout):
    model_info = mlflow.sklearn.log_model(
        model,
        name="model",
        registered_model_name="iris_template",
        signature=infer_signature(measures, model.predict(measures)),
        pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
    )
version = str(model_info.registered_model_version)
MlflowClient().set_registered_model_alias("iris_template", "champion", version)

# %% By its address alone: a flower of each species
uri = "models:/iris_template@champion"
answers = mlflow.pyfunc.load_model(uri).predict(measures.iloc[[0, 60, 120]]).tolist()
print(f"{uri} is version {version} and answers {answers}")
assert answers == [0, 1, 2]
