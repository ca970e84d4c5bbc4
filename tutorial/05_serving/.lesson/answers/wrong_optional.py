"""Expected status 400, got 200: it answers anyway

Every column is optional, and the model fills in what is missing.
"""

import os

import mlflow
import sklearn
from mlflow import MlflowClient
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema
from sklearn.datasets import load_iris
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("05_serving_exercise")
iris = load_iris(as_frame=True)
measures, species = iris.data, iris.target_names[iris.target]
packages = [f"scikit-learn=={sklearn.__version__}"]


class MayMiss(mlflow.pyfunc.PythonModel):
    """Fills in missing columns."""

    def __init__(self, estimator):
        """Keep the estimator."""
        self.estimator = estimator

    def predict(self, context, model_input, params=None):
        """Answer whatever is missing."""
        return self.estimator.predict(model_input.reindex(columns=measures.columns))


model = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression())
model.fit(measures, species)
inputs = Schema([ColSpec("double", name, required=False) for name in measures.columns])
info = mlflow.pyfunc.log_model(
    name="model",
    python_model=MayMiss(model),
    signature=ModelSignature(inputs),
    input_example=measures.head(2),
    pip_requirements=packages,
)
version = mlflow.register_model(info.model_uri, "iris_web")
MlflowClient().set_registered_model_alias("iris_web", "champion", version.version)
