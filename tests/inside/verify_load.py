"""Compare what the server and the stores kept with what loggers were told.

    python -m tests.inside.verify_load EXPERIMENT < LIST

LIST is the last line that tests/inside/load.py printed. Prints JSON: the states of the experiment's
runs and logged models as the database has them, {"runs": {id: state}, "models": {id: state}}.
"""

import hashlib
import json
import sys
from concurrent.futures import ThreadPoolExecutor

import mlflow
import psycopg2

# As in MLflow's LoggedModelStatus.
MODEL_STATES = {1: "PENDING", 2: "READY", 3: "FAILED"}


def assert_kept(outcome: dict) -> None:
    """Assert that nothing that the server acknowledged is missing or different."""
    if "weights" in outcome:
        model = mlflow.sklearn.load_model(f"models:/{outcome['model']}")
        assert model.coef_[0].tolist() == outcome["weights"], outcome
    if "file" in outcome:
        text = mlflow.artifacts.load_text(f"runs:/{outcome['run']}/file.txt")
        assert hashlib.sha256(text.encode()).hexdigest() == outcome["file"], outcome


outcomes = json.load(sys.stdin)
experiment = mlflow.get_experiment_by_name(sys.argv[1]).experiment_id
with ThreadPoolExecutor(8) as pool:
    list(pool.map(assert_kept, outcomes))

cursor = psycopg2.connect("").cursor()
cursor.execute("SELECT run_uuid, status FROM runs WHERE experiment_id = %s", (experiment,))
runs = dict(cursor.fetchall())
cursor.execute("SELECT model_id, status FROM logged_models WHERE experiment_id = %s", (experiment,))
models = {model: MODEL_STATES[state] for model, state in cursor.fetchall()}
print(json.dumps({"runs": runs, "models": models}))
