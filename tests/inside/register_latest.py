"""Register an experiment's latest logged model, with an alias and a tag.

python -m tests.inside.register_latest EXPERIMENT MODEL
"""

import sys

import mlflow

experiment, registered = sys.argv[1:]
ids = [mlflow.get_experiment_by_name(experiment).experiment_id]
[model, *_] = mlflow.search_logged_models(ids, output_format="list")
version = mlflow.register_model(model.model_uri, registered)
client = mlflow.MlflowClient()
client.set_registered_model_alias(registered, "champion", version.version)
client.set_model_version_tag(registered, version.version, "note", "kept")
