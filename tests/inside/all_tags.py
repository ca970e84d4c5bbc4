"""Print the tags of an experiment's runs and logged models, and the sources of its data sets."""

import sys

import mlflow

experiment_id = mlflow.get_experiment_by_name(sys.argv[1]).experiment_id
for run in mlflow.search_runs([experiment_id], output_format="list"):
    print(run.data.tags, [used.dataset.source for used in run.inputs.dataset_inputs])
for model in mlflow.search_logged_models([experiment_id], output_format="list"):
    print(model.tags)
