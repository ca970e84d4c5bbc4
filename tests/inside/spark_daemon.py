"""Spark's daemon, which forks the Python workers. This one imports MLflow before it forks the first worker.

Spark runs this module if the setting spark.python.daemon.module has its name. Workers in other containers get a copy.
"""

import mlflow.pyfunc  # noqa: F401 - the workers then need not import it again
import sklearn.pipeline  # noqa: F401 - the models need it
from pyspark.daemon import manager

if __name__ == "__main__":
    manager()
