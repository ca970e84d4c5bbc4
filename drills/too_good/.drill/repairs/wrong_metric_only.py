"""Correct the metric, and keep the model.

The check must say: The metric of its run is 50%
"""

from mlflow import MlflowClient

client = MlflowClient()
run_id = client.get_model_version("drill_too_good", "2").run_id
client.log_metric(run_id, "heldout_accuracy", 0.5)
