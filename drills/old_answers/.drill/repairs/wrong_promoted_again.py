"""Promote the release once more, without a word to the service.

The check must say: answers differ from the answers of
"""

from mlflow import MlflowClient

client = MlflowClient()
copy = client.copy_model_version("models:/drill_old_answers/2", "drill_old_answers")
client.set_registered_model_alias("drill_old_answers", "champion", copy.version)
