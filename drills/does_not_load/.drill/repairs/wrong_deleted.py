"""Delete the version that does not load.

Afterwards the drill must begin again.
The check must say: leads to no version
"""

from mlflow import MlflowClient

MlflowClient().delete_model_version("drill_does_not_load", "2")
