"""Log the same model with a signature whose answer is a number.

The check must say: says that the answer is of the type long
"""

import mlflow
import pandas as pd
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
        signature=infer_signature(rows, pd.DataFrame({"species": [1, 2]})),
        registered_model_name="drill_rejected_rows",
        pip_requirements=["scikit-learn"],
    )
MlflowClient().set_registered_model_alias(
    "drill_rejected_rows", "champion", info.registered_model_version
)
