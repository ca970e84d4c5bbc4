"""Create an experiment whose artifacts do not pass through the server, or delete it.

    python -m tests.inside.experiment_past_the_server [ID]

Without an ID it creates the experiment and prints its ID; with an ID it deletes that experiment.
"""

import sys

import mlflow

client = mlflow.MlflowClient()
if len(sys.argv) == 1:
    print(client.create_experiment("past-the-server", artifact_location="file:///tmp/past"))
else:
    client.delete_experiment(sys.argv[1])
