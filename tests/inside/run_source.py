"""Print the source type and the commit of an experiment's latest run: python -m tests.inside.run_source EXPERIMENT"""

import sys

import mlflow

[run, *_] = mlflow.search_runs(experiment_names=[sys.argv[1]], output_format="list")
print(run.data.tags["mlflow.source.type"], run.data.tags["mlflow.source.git.commit"])
