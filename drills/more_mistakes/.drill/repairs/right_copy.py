"""Register the model of the release once more, promote the new version, and delete the old ones."""

import mlflow
from mlflow import MlflowClient

client = MlflowClient()
release = client.get_model_version("drill_more_mistakes", "2")
again = mlflow.register_model(release.source, "drill_more_mistakes")
client.set_registered_model_alias("drill_more_mistakes", "champion", again.version)
for number in ("1", "2", "3"):
    client.delete_model_version("drill_more_mistakes", number)
