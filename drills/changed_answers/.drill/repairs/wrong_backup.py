"""Promote the copy.

The check must say: both are the same files in the store
"""

from mlflow import MlflowClient

MlflowClient().set_registered_model_alias("drill_changed_answers", "champion", "3")
