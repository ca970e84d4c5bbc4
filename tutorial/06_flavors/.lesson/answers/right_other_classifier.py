"""The class contains a scikit-learn classifier, and it returns a list."""

import os

import mlflow
import pandas as pd
import sklearn
from mlflow import MlflowClient
from mlflow.models import infer_signature
from mlflow.pyfunc import PythonModel
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("06_flavors_exercise")
iris = load_iris(as_frame=True)
X, species = iris.data, iris.target_names[iris.target]


class Sure(PythonModel):
    """Names, or unsure."""

    def __init__(self, classifier):
        """Keep the classifier."""
        self.classifier = classifier

    def predict(self, context, model_input: pd.DataFrame, params=None):
        """Return one answer for each flower."""
        probabilities = self.classifier.predict_proba(model_input)
        return [
            "unsure"
            if max(row) < params["at_least"]
            else str(self.classifier.classes_[row.argmax()])
            for row in probabilities
        ]


info = mlflow.pyfunc.log_model(
    name="model",
    python_model=Sure(LogisticRegression(C=5, max_iter=1000).fit(X, species)),
    signature=infer_signature(X, species, params={"at_least": 0.8}),
    pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
)
version = mlflow.register_model(info.model_uri, "iris_sure")
MlflowClient().set_registered_model_alias("iris_sure", "champion", version.version)
