"""Join the scaler and the classifier of the run."""

import mlflow
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline

client = MlflowClient()
run_id = client.get_model_version("drill_one_species", "2").run_id
scaler = mlflow.sklearn.load_model(f"runs:/{run_id}/scaler")
classifier = mlflow.sklearn.load_model(f"runs:/{run_id}/model")
model = make_pipeline(scaler, classifier)
rows = load_iris(as_frame=True).data
mlflow.set_experiment("drill_one_species")
with mlflow.start_run():
    info = mlflow.sklearn.log_model(
        model,
        name="model",
        signature=infer_signature(rows, model.predict(rows)),
        registered_model_name="drill_one_species",
        pip_requirements=["scikit-learn"],
    )
client.set_registered_model_alias("drill_one_species", "champion", info.registered_model_version)
