# %% [markdown]
"""
Solution: A model that knows when it does not know: models:/iris_sure@champion

Your turn: through pyfunc this XGBoost model answers numbers, and of every flower it seems sure. Make it
answer "setosa", "versicolor" or "virginica", and "unsure" where its highest probability is below the
parameter at_least, which callers may give and which is 0.8 otherwise. It takes a DataFrame with
load_iris's columns, of float64 or float32; the alias is on your latest version.

Then: lab check 06
"""

# %% Imports
import os
from importlib.metadata import packages_distributions
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import sklearn
import xgboost
from mlflow import MlflowClient
from mlflow.models import infer_signature
from mlflow.pyfunc import PythonModel
from sklearn.datasets import load_iris
from xgboost import XGBClassifier

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("06_flavors_exercise")
# The package may be called xgboost or xgboost-cpu.
package = packages_distributions()["xgboost"][0].replace("_", "-")
packages = [f"{package}=={xgboost.__version__}", f"scikit-learn=={sklearn.__version__}"]

# %% The model
iris = load_iris(as_frame=True)
measures, species = iris.data, iris.target
model = XGBClassifier(n_estimators=30, max_depth=2).fit(measures, species)


# %% Its answers
class Sure(PythonModel):
    """Names of species, and "unsure" where no probability is high enough."""

    def __init__(self, classifier: XGBClassifier, names: np.ndarray) -> None:
        """Take the classifier and the names of its classes."""
        self.classifier = classifier
        self.names = names

    def predict(
        self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> np.ndarray:
        """Return an answer to each flower."""
        probabilities = self.classifier.predict_proba(model_input)
        sure = probabilities.max(axis=1) >= params["at_least"]
        return np.where(sure, self.names[probabilities.argmax(axis=1)], "unsure")


# %% Logged as a model of our own, with the parameter in its signature
names = iris.target_names
model_info = mlflow.pyfunc.log_model(
    name="model",
    python_model=Sure(model, names),
    signature=infer_signature(measures, names[species], params={"at_least": 0.8}),
    pip_requirements=packages,
)

# %% Its address
version = mlflow.register_model(model_info.model_uri, "iris_sure")
MlflowClient().set_registered_model_alias("iris_sure", "champion", version.version)
print(f"models:/iris_sure@champion is version {version.version}")

# %% What a caller gets
loaded = mlflow.pyfunc.load_model("models:/iris_sure@champion")
for at_least in (0.0, 0.8, 0.99):
    print(at_least, loaded.predict(measures.iloc[::30], params={"at_least": at_least}))
