"""Spark."""

import functools
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import mlflow
import numpy as np
import pandas as pd
from mlflow.models import infer_signature
from pyspark.sql import Column, DataFrame, SparkSession

NEEDS = Path(__file__).resolve().parents[3] / "tutorial" / "07_scale" / ".lesson" / "needs.py"
ROWS = pd.DataFrame({"sepal length (cm)": [5.1, 7.0], "sepal width (cm)": [3.5, 3.2]})
# A model that returns the answers in its file.
MODEL = """
import mlflow
import numpy as np
import pandas as pd


class Model(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input: pd.DataFrame, params=None):
        return np.array({answers})


mlflow.models.set_model(Model())
"""
# A job on a cluster without a worker. The cluster is a part of the job's process.
JOB = """
from pyspark.sql import SparkSession

builder = SparkSession.builder.master("local-cluster[0,1,1024]").config("spark.ui.enabled", "false")
# Spark reports every second that it waits, instead of every 15 seconds.
builder.config("spark.starvation.timeout", "1s").getOrCreate().range(3).count()
"""


def _missing(*options: str, **environment: str) -> str:
    """Prepare the lesson with these options of Python and this environment. Return what it says is missing."""
    command = [sys.executable, *options, str(NEEDS)]
    without = {name: value for name, value in os.environ.items() if name != "JAVA_HOME"}
    ran = subprocess.run(command, env=without | environment, text=True, capture_output=True)
    return ran.stderr


@functools.cache
def _spark() -> SparkSession:
    """Return the session that all functions here share. It ends with this process."""
    with warnings.catch_warnings(action="ignore"):
        builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
        return builder.getOrCreate()


def _table() -> DataFrame:
    """Return the rows as a table on Spark."""
    with warnings.catch_warnings(action="ignore"):
        return _spark().createDataFrame(ROWS)


def _function(answers: list[object], **arguments: str) -> Callable[..., Column]:
    """Save a model that returns these answers. Return its function for Spark."""
    Path("model.py").write_text(MODEL.format(answers=answers))
    signature = infer_signature(ROWS, np.array(answers))
    mlflow.pyfunc.save_model(
        "model", python_model="model.py", signature=signature, pip_requirements=[]
    )
    return mlflow.pyfunc.spark_udf(_spark(), "model", env_manager="local", **arguments)


def pyspark_missing() -> str:
    """Prepare the lesson with a Python that has no packages."""
    return _missing("-I", "-S")


def java_missing() -> str:
    """Prepare the lesson without Java."""
    return _missing(PATH="")


def master_stopped() -> str:
    """Prepare the lesson while no cluster is running."""
    return _missing(SPARK_MASTER_URL="spark://127.0.0.1:9")


def java_cannot_start() -> str:
    """Start a session with a folder in JAVA_HOME that has no Java."""
    environment = os.environ | {"JAVA_HOME": str(Path.cwd()), "LAB_OUTPUT": str(Path.cwd())}
    code = "from pyspark.java_gateway import launch_gateway; launch_gateway()"
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=environment, text=True, capture_output=True).stderr


def answers_of_another_type() -> None:
    """Ask for int, while the model answers with int64."""
    _table().select(_function([0, 1], result_type="int")()).collect()


def too_few_columns() -> None:
    """List only one of the two columns."""
    _table().select(_function([0, 1], result_type="long")("sepal length (cm)")).collect()


def column_unresolved() -> None:
    """Give the columns other names than the signature has."""
    renamed = _table().withColumnRenamed("sepal length (cm)", "sepal_length")
    renamed.select(_function([0, 1], result_type="long")()).collect()


def number_not_iterable() -> None:
    """Leave out result_type for a model that returns three numbers for each row."""
    _table().select(_function([[0.1, 0.2, 0.7], [0.8, 0.1, 0.1]])()).collect()


def job_waits() -> str:
    """Start a job while the cluster has no worker, and read its log."""
    log, environment = Path("spark.log"), os.environ | {"LAB_OUTPUT": str(Path.cwd())}
    with subprocess.Popen([sys.executable, "-c", JOB], env=environment) as job:
        while job.poll() is None and not (log.exists() and "Initial job" in log.read_text()):
            time.sleep(0.2)
        job.kill()
    return log.read_text()


def no_rows_in_folder() -> None:
    """Read a folder into which no worker has written."""
    Path("predictions.parquet").mkdir()
    Path("predictions.parquet", "_SUCCESS").touch()
    _spark().read.parquet(str(Path("predictions.parquet").absolute()))


def folder_exists() -> None:
    """Write to a folder that exists."""
    Path("predictions.parquet").mkdir()
    _table().write.parquet(str(Path("predictions.parquet").absolute()))


def other_python_in_worker() -> None:
    """Use workers with another version of Python than the driver."""
    with patch.object(_spark().sparkContext, "pythonVer", "3.10"):
        _spark().sparkContext.parallelize([1]).map(str).collect()
