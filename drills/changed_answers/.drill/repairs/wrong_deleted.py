"""Delete the evidence: version 2, after another version has become champion.

Afterwards the drill must begin again.
The check must say: It is evidence
"""

from mlflow import MlflowClient

client = MlflowClient()
client.set_registered_model_alias("drill_changed_answers", "champion", "1")
client.delete_model_version("drill_changed_answers", "2")
