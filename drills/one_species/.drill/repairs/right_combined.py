"""Combine the scaler and the classifier that the run logged into one pipeline."""

import mlflow
from mlflow import MlflowClient
from sklearn.pipeline import make_pipeline

from lab.drilling import production, repairs

name = "drill_one_species"
run_id = MlflowClient().get_model_version(name, "2").run_id
scaler = mlflow.sklearn.load_model(f"runs:/{run_id}/scaler")
classifier = mlflow.sklearn.load_model(f"runs:/{run_id}/model")
repairs.promote_model(name, make_pipeline(scaler, classifier), *production.flowers())
