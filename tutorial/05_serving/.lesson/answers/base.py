"""The solution in fewer lines, for answers to begin with."""

import os

import mlflow
import sklearn
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("05_serving_exercise")
iris = load_iris(as_frame=True)
measures, species = iris.data, iris.target_names[iris.target]
packages = [f"scikit-learn=={sklearn.__version__}"]

model = make_pipeline(StandardScaler(), LogisticRegression()).fit(measures, species)
info = mlflow.sklearn.log_model(
    model,
    name="model",
    signature=infer_signature(measures, species),
    input_example=measures.head(2),
    pip_requirements=packages,
)
version = mlflow.register_model(info.model_uri, "iris_web")
MlflowClient().set_registered_model_alias("iris_web", "champion", version.version)
