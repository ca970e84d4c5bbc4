"""Write the agreed signature to the logged model."""

import mlflow
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.datasets import load_iris

iris = load_iris(as_frame=True)
names = iris.target.map(dict(enumerate(iris.target_names)))
source = MlflowClient().get_model_version("drill_rejected_rows", "2").source
mlflow.models.set_signature(source, infer_signature(iris.data, names))
