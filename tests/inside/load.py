"""Many loggers at once, inside a lab: python -m tests.inside.load EXPERIMENT SECONDS LOGGERS

Each logs runs with a model and a file, whatever happens to the services. When there are five runs, it prints "at work".
From then on the loggers go on for SECONDS, however long the five runs took on a busy machine. The
last line printed is what the callers were told, as JSON: a list of {"run", "model", "weights",
"file", "error"}, where an error is the exception's text and whatever the call before it gave is kept.
"""

import hashlib
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from threading import Event

import mlflow
from sklearn.linear_model import LogisticRegression


def log_one(number: int) -> dict[str, str | list[float]]:
    """Log a run with a model and a file of its own; return what the server acknowledged, and the error if any."""
    told: dict[str, str | list[float]] = {}
    model = LogisticRegression(C=1 + int.from_bytes(os.urandom(4)) / 2**32).fit(
        [[0.0], [1.0], [2.0]], [0, 1, 1]
    )
    file = os.urandom(50_000).hex()
    try:
        with mlflow.start_run(run_name=f"logger {number}") as run:
            told["run"] = run.info.run_id
            mlflow.log_params({"C": model.C, "logger": number})
            mlflow.log_metrics({f"metric_{i}": i * model.C for i in range(20)})
            info = mlflow.sklearn.log_model(model, name="model", pip_requirements=["scikit-learn"])
            told |= {"model": info.model_id, "weights": model.coef_[0].tolist()}
            mlflow.log_text(file, "file.txt")
            told["file"] = hashlib.sha256(file.encode()).hexdigest()
    except Exception as error:
        told["error"] = f"{type(error).__name__}: {error}"
    return told


def log_until_the_end(number: int, finished: SimpleQueue[None], end: Event) -> list[dict]:
    """Log one run after another until `end` is set, and put None into `finished` after each that succeeded."""
    told = []
    while not end.is_set():
        told.append(log_one(number))
        if "error" not in told[-1]:
            finished.put(None)
    return told


if __name__ == "__main__":
    experiment, seconds, count = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    mlflow.set_experiment(experiment)
    finished: SimpleQueue[None] = SimpleQueue()
    end = Event()
    with ThreadPoolExecutor(count) as pool:
        loggers = [pool.submit(log_until_the_end, number, finished, end) for number in range(count)]
        try:
            for _ in range(5):
                finished.get(timeout=300)
            print("at work", flush=True)
            time.sleep(seconds)
        finally:
            end.set()
    print(json.dumps([told for logger in loggers for told in logger.result()]))
