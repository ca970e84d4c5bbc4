"""Promote the version with the best metric.

The check must say: was refused by the gate
"""

from mlflow import MlflowClient

MlflowClient().set_registered_model_alias("drill_more_mistakes", "champion", "3")
