"""Promote the version with the honest metric, which is not good enough.

The check must say: Its run promises 84%
"""

from mlflow import MlflowClient

MlflowClient().set_registered_model_alias("drill_too_good", "champion", "1")
