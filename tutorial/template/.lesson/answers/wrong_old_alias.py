"""the alias champion is on version"""

# %% What it takes
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
client = mlflow.MlflowClient()
version = str(model_info.registered_model_version)
client.set_registered_model_alias("iris_template_mine", "champion", version)
# And once more, as a script without the two lines above would go on.
with contextlib.redirect_stderr(sys.stdout):
    mlflow.register_model(model_info.model_uri, "iris_template_mine")
