"""Promote the older version.

The check must say: is release 2026-10
"""

from mlflow import MlflowClient

MlflowClient().set_registered_model_alias("drill_more_mistakes", "champion", "1")
