"""Move the alias once more.

The check must say: and the service still serves models:/drill_slow_switch/1
"""

from mlflow import MlflowClient

MlflowClient().set_registered_model_alias("drill_slow_switch", "champion", "2")
