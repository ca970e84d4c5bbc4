"""Go back to the version before.

The check must say: is another model than the model of the release
"""

from mlflow import MlflowClient

MlflowClient().set_registered_model_alias("drill_changed_answers", "champion", "1")
