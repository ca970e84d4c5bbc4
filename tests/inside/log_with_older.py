"""Run by an older MLflow: log a model, register it, give it an alias and a stage; print run and prediction."""

import mlflow
from sklearn.linear_model import LogisticRegression

model = LogisticRegression().fit([[0.0], [1.0], [2.0]], [0, 1, 1])
mlflow.set_experiment("older")
with mlflow.start_run() as run:
    mlflow.log_metric("accuracy", 1.0)
    mlflow.sklearn.log_model(
        model, name="model", registered_model_name="older_clf", pip_requirements=["scikit-learn"]
    )
client = mlflow.MlflowClient()
client.set_registered_model_alias("older_clf", "champion", "1")
client.transition_model_version_stage("older_clf", "1", "Production")
print(run.info.run_id, model.predict_proba([[0.5]]).tolist())
