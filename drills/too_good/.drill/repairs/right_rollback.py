"""Promote the version with the honest metric."""

from mlflow import MlflowClient

MlflowClient().set_registered_model_alias("drill_too_good", "champion", "1")
