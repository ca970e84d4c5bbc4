"""Train a good model, and log a higher accuracy than it has.

The check must say: has the metric 99.9%, but the model predicts
"""

from mlflow import MlflowClient

from lab.drilling.repairs import promote_new_model

client, name = MlflowClient(), "drill_too_good"
run_id = client.get_model_version(name, promote_new_model(name)).run_id
client.log_metric(run_id, "heldout_accuracy", 0.999)
