"""Go back to the version before.

The check must say: names only
"""

from mlflow import MlflowClient

MlflowClient().set_registered_model_alias("drill_new_environment", "champion", "1")
