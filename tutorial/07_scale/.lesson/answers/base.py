"""The solution in fewer lines, for answers to begin with."""

import os
import shutil
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import sklearn
from mlflow import MlflowClient
from mlflow.models import infer_signature
from pyspark import SparkContext
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("07_scale_exercise")
output = Path(os.environ.get("LAB_OUTPUT", "output")).resolve() / "07_scale_exercise"
shutil.rmtree(output, ignore_errors=True)
output.mkdir(parents=True)

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
version = mlflow.register_model(model_info.model_uri, "iris_batch")
MlflowClient().set_registered_model_alias("iris_batch", "champion", version.version)

random = np.random.default_rng(7)
rows = pd.DataFrame(
    {name: random.uniform(*measures[name].agg(["min", "max"]), 20_000) for name in sorted(measures)}
)
rows.insert(0, "id", random.permutation(20_000))
(output / "rows.parquet").mkdir()
for part in range(4):
    rows[part::4].to_parquet(output / "rows.parquet" / f"part-{part}.parquet", index=False)

with (output / "spark.log").open("w") as log:
    gateway = launch_gateway(popen_kwargs={"stdout": log, "stderr": log})
spark = SparkSession(SparkContext("local[*]", "07_scale_exercise", gateway=gateway))

table = spark.read.parquet(str(output / "rows.parquet"))
probabilities_of = mlflow.pyfunc.spark_udf(
    spark, "models:/iris_batch@champion", env_manager="local", result_type="array<double>"
)
scores = table.select("id", probabilities_of().alias("probabilities"))
scores.write.parquet(str(output / "scores.parquet"))
spark.stop()
