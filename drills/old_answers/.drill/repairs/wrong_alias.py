"""Move the alias back, so that the service and the alias agree.

The check must say: The release must stay champion
"""

from mlflow import MlflowClient

MlflowClient().set_registered_model_alias("drill_old_answers", "champion", "1")
