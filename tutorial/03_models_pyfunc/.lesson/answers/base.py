"""The solution in fewer lines, for answers to begin with."""

import os

import mlflow
import sklearn
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("03_models_pyfunc_exercise")
measures, species = load_iris(as_frame=True, return_X_y=True)
train, heldout, train_species, heldout_species = train_test_split(
    measures, species, test_size=0.4, random_state=3
)
packages = [f"scikit-learn=={sklearn.__version__}"]

model = make_pipeline(StandardScaler(), LogisticRegression()).fit(train, train_species)
predicted = model.predict(heldout)
with mlflow.start_run():
    rows = heldout.assign(species=heldout_species, predicted=predicted)
    mlflow.log_text(rows.to_csv(index=False), "evaluation/heldout.csv")
    mlflow.log_metric("heldout_accuracy", (predicted == heldout_species).mean())
    info = mlflow.sklearn.log_model(
        model, name="model", signature=infer_signature(train, predicted), pip_requirements=packages
    )

version = mlflow.register_model(info.model_uri, "iris_mine")
MlflowClient().set_registered_model_alias("iris_mine", "champion", version.version)
