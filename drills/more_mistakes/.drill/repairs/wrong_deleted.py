"""Delete the bad version. MLflow then deletes its alias, too.

Afterwards the drill must begin again.
The check must say: leads to no version
"""

from mlflow import MlflowClient

client, name = MlflowClient(), "drill_more_mistakes"
client.delete_model_version(name, client.get_model_version_by_alias(name, "champion").version)
