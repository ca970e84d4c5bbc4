"""Remove scikit-learn from the requirements.

The check must say: does not list scikit-learn
"""

import mlflow
from mlflow import MlflowClient

source = MlflowClient().get_model_version("drill_new_environment", "2").source
mlflow.models.update_model_requirements(source, "remove", ["scikit-learn"])
