"""A warm Python (lab/warm_python.py) for tests: it has also imported what tests, lessons and notebooks need.

`python -m tests.inside.warm_python SOCKET` starts a server, which ends with its standard input.
tests/inside/warm.py asks it to run a script.
"""

import os
import sys
import tempfile
from pathlib import Path

from lab import warm_python

# What most scripts import, and MLflow on its first call. None of it starts a thread of Python's. Never pyspark,
# torch, xgboost or tensorflow: their threads do not survive a fork.
PRELOADED = (
    "IPython",
    "git",
    "ipykernel.zmqshell",
    "jupytext",
    "matplotlib.pyplot",
    "mlflow.metrics.genai",
    "mlflow.models",
    "mlflow.pyfunc",
    "mlflow.sklearn",
    "nbclient",
    "opentelemetry.sdk.metrics",
    "skops.io",
)

ROOT = Path(__file__).resolve().parent.parent.parent


class WarmPython(warm_python.WarmPython):
    """A Python that has MLflow and the tests' packages imported."""

    def __init__(self) -> None:
        """Start the server and wait until it listens."""
        super().__init__("tests.inside.warm_python", folder=ROOT)


def warm_up() -> None:
    """Import, and fit and save a model, on which both libraries import and look up more."""
    warm_python.preload(PRELOADED)
    import mlflow.sklearn
    import pandas
    from sklearn.dummy import DummyClassifier

    model = DummyClassifier().fit(pandas.DataFrame({"a": [1.0, 2.0]}), [0, 1])
    with tempfile.TemporaryDirectory() as folder:
        mlflow.sklearn.save_model(model, f"{folder}/model", pip_requirements=["scikit-learn"])


if __name__ == "__main__":
    # Telemetry would start a thread, which no forked process has, and wait for it at each end.
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    warm_up()
    warm_python.serve_scripts(sys.argv[1])
