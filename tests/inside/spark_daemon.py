"""Spark's daemon of Python workers, with MLflow imported before it forks the first worker.

Spark runs it as a module if spark.python.daemon.module has its name. Workers in other containers get a copy.
"""

import mlflow.pyfunc  # noqa: F401 - this import is what the workers need not repeat
import sklearn.pipeline  # noqa: F401 - and this one is the models'
from pyspark.daemon import manager

if __name__ == "__main__":
    manager()
