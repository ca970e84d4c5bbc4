"""FileNotFoundError

The model reads the scaler from a file that only this script had.
"""

import os
import tempfile
from pathlib import Path

import joblib
import mlflow
import sklearn
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("03_models_pyfunc_exercise")
measures, species = load_iris(as_frame=True, return_X_y=True)
train, heldout, train_species, heldout_species = train_test_split(
    measures, species, test_size=0.4, random_state=3
)
packages = [f"scikit-learn=={sklearn.__version__}"]


class Reading(mlflow.pyfunc.PythonModel):
    """Fetch the scaler, then ask."""

    def __init__(self, path, estimator):
        """Keep path and estimator."""
        self.path, self.estimator = path, estimator

    def predict(self, context, model_input, params=None):
        """Answer with the species."""
        return self.estimator.predict(joblib.load(self.path).transform(model_input))


scaler = StandardScaler().fit(train)
estimator = LogisticRegression().fit(scaler.transform(train), train_species)
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder, "scaler.joblib")
    joblib.dump(scaler, path)
    model = Reading(path, estimator)
    predicted = model.predict(None, heldout)
    with mlflow.start_run():
        rows = heldout.assign(species=heldout_species, predicted=predicted)
        mlflow.log_text(rows.to_csv(index=False), "evaluation/heldout.csv")
        mlflow.log_metric("heldout_accuracy", (predicted == heldout_species).mean())
        info = mlflow.pyfunc.log_model(
            name="model",
            python_model=model,
            signature=infer_signature(train, predicted),
            pip_requirements=packages,
        )

version = mlflow.register_model(info.model_uri, "iris_mine")
MlflowClient().set_registered_model_alias("iris_mine", "champion", version.version)
