"""A class that turns an estimator's numbers into names and answers with a table; its signature is written by hand."""

import os

import mlflow
import sklearn
from mlflow import MlflowClient
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("05_serving_exercise")
iris = load_iris(as_frame=True)
measures, species = iris.data, iris.target_names[iris.target]
packages = [f"scikit-learn=={sklearn.__version__}"]


class Named(mlflow.pyfunc.PythonModel):
    """Name the species."""

    def __init__(self, estimator, names):
        """Keep the estimator and the names."""
        self.estimator, self.names = estimator, names

    def predict(self, context, model_input, params=None):
        """Answer with names and probabilities."""
        probabilities = self.estimator.predict_proba(
            model_input[list(self.estimator.feature_names_in_)]
        )
        return model_input.assign(
            species=self.names[probabilities.argmax(axis=1)], probability=probabilities.max(axis=1)
        )[["probability", "species"]]


estimator = LogisticRegression(max_iter=500).fit(measures, iris.target)
# The alphabetical order, which is not the order of load_iris.
inputs = Schema([ColSpec("double", name) for name in sorted(measures.columns)])
info = mlflow.pyfunc.log_model(
    name="model",
    python_model=Named(estimator, iris.target_names),
    signature=ModelSignature(inputs),
    input_example={name: [1.5] for name in measures.columns},
    pip_requirements=packages,
)
version = mlflow.register_model(info.model_uri, "iris_web")
MlflowClient().set_registered_model_alias("iris_web", "champion", version.version)
