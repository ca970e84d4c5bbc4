"""Train a spark.ml pipeline on the cluster, log it, load it and print what the logged and the loaded one answer."""

import os

import mlflow
from pyspark.ml import Pipeline
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.feature import VectorAssembler
from pyspark.sql import SparkSession

builder = SparkSession.builder.master(os.environ["SPARK_MASTER_URL"]).appName("pipeline")
# One task for a few rows.
builder = builder.config("spark.cores.max", "1").config("spark.default.parallelism", "1")
spark = builder.getOrCreate()
rows = spark.createDataFrame([(0.0, 0.0), (1.0, 0.0), (4.0, 1.0), (5.0, 1.0)], ["x", "label"])
steps = [VectorAssembler(inputCols=["x"], outputCol="features"), LogisticRegression(maxIter=2)]
model = Pipeline(stages=steps).fit(rows)
mlflow.set_experiment("spark_pipeline")
with mlflow.start_run():
    logged = mlflow.spark.log_model(model, artifact_path="model", pip_requirements=[])
for each in (model, mlflow.spark.load_model(logged.model_uri)):
    print([row.prediction for row in each.transform(rows).collect()])
spark.stop()
