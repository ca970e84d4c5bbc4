"""Write the agreed signature to the logged model of version 2."""

import mlflow
from mlflow import MlflowClient
from mlflow.models import infer_signature

from lab.checks.flowers import COLUMNS
from lab.drilling.production import flowers

train, _ = flowers()
source = MlflowClient().get_model_version("drill_rejected_rows", "2").source
mlflow.models.set_signature(source, infer_signature(train[COLUMNS], train["species"]))
