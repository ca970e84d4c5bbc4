"""Print how many runs an experiment has, 0 if there is no such experiment: python -m tests.inside.count_runs NAME"""

import sys

import mlflow

experiment = mlflow.get_experiment_by_name(sys.argv[1])
print(len(mlflow.search_runs([experiment.experiment_id])) if experiment else 0)
