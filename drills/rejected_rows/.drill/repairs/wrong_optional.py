"""Make all columns optional.

The check must say: gets rows without the column
"""

import mlflow
from mlflow import MlflowClient
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema
from sklearn.datasets import load_iris

columns = load_iris(as_frame=True).data.columns
schema = Schema([ColSpec("double", name, required=False) for name in columns])

model = mlflow.sklearn.load_model("models:/drill_rejected_rows/2")
mlflow.set_experiment("drill_rejected_rows")
with mlflow.start_run():
    info = mlflow.sklearn.log_model(
        model,
        name="model",
        signature=ModelSignature(schema, Schema([ColSpec("string")])),
        registered_model_name="drill_rejected_rows",
        pip_requirements=["scikit-learn"],
    )
MlflowClient().set_registered_model_alias(
    "drill_rejected_rows", "champion", info.registered_model_version
)
