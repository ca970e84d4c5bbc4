"""Correct the requirements of the logged model of version 2."""

import mlflow
import sklearn
from mlflow import MlflowClient

source = MlflowClient().get_model_version("drill_new_environment", "2").source
mlflow.models.update_model_requirements(source, "add", [f"scikit-learn=={sklearn.__version__}"])
