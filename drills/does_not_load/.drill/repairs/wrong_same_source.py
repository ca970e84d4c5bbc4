"""Register the broken model as a new version.

The check must say: cannot be loaded
"""

import mlflow
from mlflow import MlflowClient

from lab.drilling import production

name = "drill_does_not_load"
broken = MlflowClient().get_model_version(name, "2")
version = mlflow.register_model(broken.source, name).version
production.promote(name, version)
