"""A model class of its own that contains the scaler and the classifier, and returns a list."""

import os

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
iris = load_iris(as_frame=True)
species = iris.target.map(dict(enumerate(iris.target_names)))
train, heldout, train_species, heldout_species = train_test_split(
    iris.data, species, test_size=0.4, random_state=3
)
packages = [f"scikit-learn=={sklearn.__version__}"]


class Scaled(mlflow.pyfunc.PythonModel):
    """Scale the rows, then classify them."""

    def __init__(self, scaler, estimator):
        """Keep the scaler and the classifier."""
        self.scaler, self.estimator = scaler, estimator

    def predict(self, context, model_input, params=None):
        """Return the species."""
        return self.estimator.predict(self.scaler.transform(model_input)).tolist()


scaler = StandardScaler().fit(train)
estimator = LogisticRegression().fit(scaler.transform(train), train_species)
model = Scaled(scaler, estimator)
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
