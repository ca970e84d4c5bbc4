"""Move the alias to the release."""

from mlflow import MlflowClient

MlflowClient().set_registered_model_alias("drill_more_mistakes", "champion", "2")
