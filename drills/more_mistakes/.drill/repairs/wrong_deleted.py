"""Delete the bad version, and with it the alias.

The check must say: leads to no version
"""

from mlflow import MlflowClient

MlflowClient().delete_model_version("drill_more_mistakes", "1")
