"""Two columns are enough, and the signature is inferred from the input example."""

import os

import mlflow
import sklearn
from mlflow import MlflowClient
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("05_serving_exercise")
iris = load_iris(as_frame=True)
measures, species = iris.data, iris.target_names[iris.target]
packages = [f"scikit-learn=={sklearn.__version__}"]

petals = list(measures.columns[2:])
model = make_pipeline(make_column_transformer((StandardScaler(), petals)), SVC())
model.fit(measures, species)
for _ in range(2):
    info = mlflow.sklearn.log_model(
        model, name="model", input_example=measures[petals].head(1), pip_requirements=packages
    )
    version = mlflow.register_model(info.model_uri, "iris_web")
MlflowClient().set_registered_model_alias("iris_web", "champion", version.version)
