"""Log a small model: python -m tests.inside.log_model EXPERIMENT; prints the ids of run and model, and its place."""

import sys

import mlflow
from sklearn.linear_model import LogisticRegression

mlflow.set_experiment(sys.argv[1])
with mlflow.start_run():
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    info = mlflow.sklearn.log_model(model, name="model", pip_requirements=["scikit-learn"])
print(info.run_id, info.model_id, info.artifact_path)
