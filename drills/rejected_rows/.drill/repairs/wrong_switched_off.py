"""Switch the signature off.

The check must say: has no signature
"""

import mlflow
from mlflow import MlflowClient

model = mlflow.sklearn.load_model("models:/drill_rejected_rows/2")
mlflow.set_experiment("drill_rejected_rows")
with mlflow.start_run():
    info = mlflow.sklearn.log_model(
        model,
        name="model",
        signature=None,
        registered_model_name="drill_rejected_rows",
        pip_requirements=["scikit-learn"],
    )
MlflowClient().set_registered_model_alias(
    "drill_rejected_rows", "champion", info.registered_model_version
)
