# %% [markdown]
"""
Register a model that colleagues can load by an alias.

Your turn: this script registers a model, but nobody can load it by an alias. Give the version that it
has just registered the alias champion, so that models:/iris_template_mine@champion loads it.

The model takes a DataFrame with load_iris's four columns, refuses a DataFrame without one of them, and
answers with the names of species.

Then type: lab check 00
"""

# %% Imports
import os

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
iris = load_iris(as_frame=True)
X = iris.data
y = iris.target.map(dict(enumerate(iris.target_names)))
model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)

# %% Log and register it
with mlflow.start_run():
    model_info = mlflow.sklearn.log_model(
        model,
        name="model",
        registered_model_name="iris_template_mine",
        signature=infer_signature(X, model.predict(X)),
        pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
    )
version = str(model_info.registered_model_version)
print(f"iris_template_mine version {version} is registered")
