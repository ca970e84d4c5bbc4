"""Promote a copy of the release, and do not restart the service.

The check must say: predictions differ from the predictions of
"""

from mlflow import MlflowClient

from lab.drilling import production

name = "drill_old_answers"
copy = MlflowClient().copy_model_version(f"models:/{name}/2", name)
production.promote(name, copy.version)
