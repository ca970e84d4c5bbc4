"""Log the same model with a signature that has no outputs.

The check must say: has no outputs
"""

import mlflow
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.datasets import load_iris

rows = load_iris(as_frame=True).data
model = mlflow.sklearn.load_model("models:/drill_rejected_rows/2")
mlflow.set_experiment("drill_rejected_rows")
with mlflow.start_run():
    info = mlflow.sklearn.log_model(
        model,
        name="model",
        signature=infer_signature(rows),
        registered_model_name="drill_rejected_rows",
        pip_requirements=["scikit-learn"],
    )
MlflowClient().set_registered_model_alias(
    "drill_rejected_rows", "champion", info.registered_model_version
)
