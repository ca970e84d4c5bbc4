"""Register the broken model once more.

The check must say: cannot be loaded
"""

import mlflow
from mlflow import MlflowClient

client = MlflowClient()
source = client.get_model_version("drill_does_not_load", "2")
again = mlflow.register_model(source.source, "drill_does_not_load")
client.set_registered_model_alias("drill_does_not_load", "champion", again.version)
