# %% [markdown]
"""
Solution: register a model that colleagues ask for by an alias.

Your turn: let models:/iris_template_mine@champion be the version that this script has just
registered. It takes a DataFrame with load_iris's columns, refuses one without a column of them, and
answers 0, 1 or 2.

Then: lab check 00
"""

# %% Imports
import contextlib
import os
import sys

import mlflow
import sklearn
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("00_template_exercise")

# %% The model
measures, species = load_iris(as_frame=True, return_X_y=True)
model = make_pipeline(StandardScaler(), LogisticRegression()).fit(measures, species)

# %% In a run, and registered; MLflow tells of it on stderr
with mlflow.start_run(), contextlib.redirect_stderr(sys.stdout):
    model_info = mlflow.sklearn.log_model(
        model,
        name="model",
        registered_model_name="iris_template_mine",
        signature=infer_signature(measures, model.predict(measures)),
        pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
    )
version = str(model_info.registered_model_version)
mlflow.MlflowClient().set_registered_model_alias("iris_template_mine", "champion", version)
