"""Load what log_with_older.py logged, at each of its addresses: python -m tests.inside.load_with_newer RUN_ID

Prints a prediction for each address, then the run's metrics.
"""

import sys

import mlflow

run = sys.argv[1]
for uri in (
    f"runs:/{run}/model",
    "models:/older_clf/1",
    "models:/older_clf@champion",
    "models:/older_clf/Production",
):
    print(mlflow.sklearn.load_model(uri).predict_proba([[0.5]]).tolist())
print(mlflow.get_run(run).data.metrics)
