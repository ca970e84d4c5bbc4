"""Print as JSON how much the tracking server has: python -m tests.inside.counts

{experiment: [runs, logged models], registered model: versions}
"""

import json

import mlflow

client = mlflow.MlflowClient()
counts = {}
for experiment in client.search_experiments():
    ids = [experiment.experiment_id]
    runs = mlflow.search_runs(ids, output_format="list")
    models = mlflow.search_logged_models(ids, output_format="list")
    counts[experiment.name] = [len(runs), len(models)]
for model in client.search_registered_models():
    counts[model.name] = len(client.search_model_versions(f"name = '{model.name}'"))
print(json.dumps(counts))
