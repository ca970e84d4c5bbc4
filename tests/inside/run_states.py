"""Print the states of an experiment's runs and of its logged models: python -m tests.inside.states EXPERIMENT"""

import sys

import mlflow

ids = [mlflow.get_experiment_by_name(sys.argv[1]).experiment_id]
models = mlflow.search_logged_models(ids, output_format="list")
print(mlflow.search_runs(ids)["status"].tolist(), [model.status.value for model in models])
