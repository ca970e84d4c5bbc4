"""Print the flavors and the files of every model that a lesson's run.py or lesson 06's log_*.py logged.

    python -m tests.inside.model_formats

Prints one JSON list for each model: name, script, flavors, paths of its files.
"""

import json
import re

import mlflow
from mlflow.models import get_model_info

client = mlflow.MlflowClient()
for experiment in mlflow.search_experiments(filter_string="name LIKE '0%'"):
    ids = [experiment.experiment_id]
    for model in mlflow.search_logged_models(experiment_ids=ids, output_format="list"):
        if re.search(r"(run|log_\w+)[.]py$", model.tags.get("mlflow.source.name", "")):
            flavors = get_model_info(f"models:/{model.model_id}").flavors
            files = client.list_logged_model_artifacts(model.model_id)
            script = model.tags["mlflow.source.name"]
            print(json.dumps([model.name, script, str(flavors), [file.path for file in files]]))
