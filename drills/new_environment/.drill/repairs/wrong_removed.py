"""Remove the requirement.

The check must say: does not name scikit-learn
"""

import mlflow
from mlflow import MlflowClient

source = MlflowClient().get_model_version("drill_new_environment", "2").source
mlflow.models.update_model_requirements(source, "remove", ["scikit-learn"])
