"""The class uses a global variable of the script: cloudpickle stores it with the class."""

import os
from importlib.metadata import packages_distributions

import mlflow
import numpy as np
import pandas as pd
import xgboost
from mlflow import MlflowClient
from mlflow.models import infer_signature
from mlflow.pyfunc import PythonModel
from sklearn.datasets import load_iris
from xgboost import XGBClassifier

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("06_flavors_exercise")
package = packages_distributions()["xgboost"][0].replace("_", "-")
packages = [f"{package}=={xgboost.__version__}", "scikit-learn"]
iris = load_iris(as_frame=True)
X, numbers, names = iris.data, iris.target, iris.target_names
model = XGBClassifier(n_estimators=30, max_depth=2).fit(X, numbers)


class Sure(PythonModel):
    """Names, or unsure."""

    def predict(self, context, model_input: pd.DataFrame, params=None):
        """Return one answer for each flower."""
        probabilities = model.predict_proba(model_input)
        sure = probabilities.max(axis=1) >= params["at_least"]
        return np.where(sure, names[probabilities.argmax(axis=1)], "unsure")


info = mlflow.pyfunc.log_model(
    name="model",
    python_model=Sure(),
    signature=infer_signature(X, names[numbers], params={"at_least": 0.8}),
    pip_requirements=packages,
)
version = mlflow.register_model(info.model_uri, "iris_sure")
MlflowClient().set_registered_model_alias("iris_sure", "champion", version.version)
