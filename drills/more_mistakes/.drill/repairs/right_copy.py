"""Register the model of the release as a new version, promote it, and delete the other versions."""

import mlflow
from mlflow import MlflowClient

from lab.drilling import production

client, name = MlflowClient(), "drill_more_mistakes"
released = client.get_model_version(name, "2")
production.promote(name, mlflow.register_model(released.source, name).version)
for number in ("1", "2", "3"):
    client.delete_model_version(name, number)
