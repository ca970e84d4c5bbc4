"""Spark's daemon, which forks the Python workers. This one imports MLflow before it forks the first worker.

Spark runs this module if the setting spark.python.daemon.module has its name. Workers in other containers get a copy.
"""

# All that loading a model imports, or each worker would spend four seconds on it.
import mlflow.sklearn  # noqa: F401
import sklearn.pipeline  # noqa: F401
import skops.io  # noqa: F401
from pyspark.daemon import manager

if __name__ == "__main__":
    manager()
