"""Go back to the version before.

The check must say: loads, but it names only
"""

from mlflow import MlflowClient

MlflowClient().set_registered_model_alias("drill_does_not_load", "champion", "1")
