"""Time log_model as the lessons call it, with pip_requirements given, and as it is by default.

    python benchmarks/stock/in_trainer/log_model.py ROUNDS

Prints one line of JSON. `python -m benchmarks.stock` runs it in the trainer of a stack of its own.
"""

import json
import sys
import time

import mlflow
import sklearn
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

MEASURES, SPECIES = load_iris(as_frame=True, return_X_y=True)
WAYS = {"given": {"pip_requirements": [f"scikit-learn=={sklearn.__version__}"]}, "default": {}}

mlflow.set_experiment("bench_log_model")
model = LogisticRegression(max_iter=1000).fit(MEASURES, SPECIES)
signature = infer_signature(MEASURES, model.predict(MEASURES).astype(float))
took: dict[str, list[float]] = {way: [] for way in WAYS}
# The first round is for warming up.
for number in range(int(sys.argv[1]) + 1):
    for way, arguments in WAYS.items():
        with mlflow.start_run():
            began = time.perf_counter()
            mlflow.sklearn.log_model(model, name="model", signature=signature, **arguments)
            if number:
                took[way].append(time.perf_counter() - began)
print(json.dumps(took))
