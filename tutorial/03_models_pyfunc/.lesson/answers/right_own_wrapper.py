"""An estimator of its own that contains the scaler, a signature written by hand, and a rounded metric."""

import os

import mlflow
import sklearn
from mlflow import MlflowClient
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("03_models_pyfunc_exercise")
iris = load_iris(as_frame=True)
species = iris.target.map(dict(enumerate(iris.target_names)))
train, heldout, train_species, heldout_species = train_test_split(
    iris.data, species, test_size=0.4, random_state=9
)
packages = [f"scikit-learn=={sklearn.__version__}"]


class Scaled(ClassifierMixin, BaseEstimator):
    """Scale the rows before the classifier sees them."""

    def fit(self, rows, species):
        """Train the scaler and the classifier."""
        self.scaler_ = StandardScaler().fit(rows)
        self.model_ = LogisticRegression().fit(self.scaler_.transform(rows), species)
        self.classes_ = self.model_.classes_
        return self

    def predict(self, rows):
        """Return the species."""
        return self.model_.predict(self.scaler_.transform(rows))


model = Scaled().fit(train, train_species)
predicted = model.predict(heldout)
signature = ModelSignature(Schema([ColSpec("double", name) for name in iris.data.columns]))
for _ in range(2):
    with mlflow.start_run():
        rows = heldout.assign(species=heldout_species, predicted=predicted)
        mlflow.log_text(rows.to_csv(index=False), "evaluation/heldout.csv")
        mlflow.log_metric("heldout_accuracy", round((predicted == heldout_species).mean(), 2))
        info = mlflow.sklearn.log_model(
            model,
            name="model",
            signature=signature,
            serialization_format="cloudpickle",
            pip_requirements=packages,
        )
    version = mlflow.register_model(info.model_uri, "iris_mine")
    MlflowClient().set_registered_model_alias("iris_mine", "champion", version.version)
