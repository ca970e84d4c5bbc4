# %% [markdown]
"""
The nightly job of a colleague: how probable is each species, for 20,000 flowers, by Spark?

Your turn: the job ends without an error, and its result is useless. Nobody can tell which row is
whose, one number is left of three, and even that one is wrong, as the columns in the file are not in
the model's order. Write scores.parquet so that each of the rows in rows.parquet is in it once: its
id, and in the column probabilities a list of three doubles, exactly what
mlflow.pyfunc.load_model("models:/iris_batch@champion") answers to that row. The model and the rows
are right as they are.

Then: lab check 07
"""

# %% Imports
import contextlib
import logging
import os
import shutil
import sys
import warnings
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import sklearn
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

try:
    from pyspark import SparkContext
    from pyspark.java_gateway import launch_gateway
    from pyspark.sql import SparkSession
except ModuleNotFoundError:
    sys.exit("pyspark is not installed here. On your own machine: make lesson-07, then again")

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("07_scale_exercise")
output = Path(os.environ.get("LAB_OUTPUT", "output")).resolve() / "07_scale_exercise"
shutil.rmtree(output, ignore_errors=True)
output.mkdir(parents=True)
# As in run.py, which says why.
warnings.filterwarnings("ignore", r"PySpark does not yet fully support pandas", FutureWarning)
logging.getLogger("mlflow.pyfunc").addFilter(
    lambda record: "does not recreate the same environment" not in record.getMessage()
)

# %% The model: through pyfunc it answers three probabilities a row
measures, species = load_iris(as_frame=True, return_X_y=True)
model = make_pipeline(StandardScaler(), LogisticRegression()).fit(measures, species)
with mlflow.start_run():
    model_info = mlflow.sklearn.log_model(
        model,
        name="model",
        signature=infer_signature(measures, model.predict_proba(measures)),
        pyfunc_predict_fn="predict_proba",
        pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
    )
# MLflow tells of it on stderr.
with contextlib.redirect_stderr(sys.stdout):
    version = mlflow.register_model(model_info.model_uri, "iris_batch")
MlflowClient().set_registered_model_alias("iris_batch", "champion", version.version)

# %% The rows, in four files: an id, and the columns in the order of the alphabet
random = np.random.default_rng(7)
rows = pd.DataFrame(
    {name: random.uniform(*measures[name].agg(["min", "max"]), 20_000) for name in sorted(measures)}
)
rows.insert(0, "id", random.permutation(20_000))
(output / "rows.parquet").mkdir()
for part in range(4):
    rows[part::4].to_parquet(output / "rows.parquet" / f"part-{part}.parquet", index=False)

# %% Spark in this process alone: so few rows need no cluster
with (output / "spark.log").open("w") as log:
    gateway = launch_gateway(popen_kwargs={"stdout": log, "stderr": log})
spark = SparkSession(SparkContext("local[*]", "07_scale_exercise", gateway=gateway))

# %% Score
table = spark.read.parquet(str(output / "rows.parquet"))
probabilities_of = mlflow.pyfunc.spark_udf(
    spark, "models:/iris_batch@champion", env_manager="local", result_type="double"
)
scores = table.select(probabilities_of(*table.columns[1:]).alias("probabilities"))
scores.write.parquet(str(output / "scores.parquet"))
print(f"{scores.count():,} rows scored into {output / 'scores.parquet'}")
spark.stop()
