"""Delete the bad version, and with it the alias.

Afterwards the drill must begin again.
The check must say: leads to no version
"""

from mlflow import MlflowClient

client = MlflowClient()
champion = client.get_model_version_by_alias("drill_more_mistakes", "champion")
client.delete_model_version("drill_more_mistakes", champion.version)
