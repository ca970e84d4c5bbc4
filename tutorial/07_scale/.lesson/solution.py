# %% [markdown]
"""
Solution: a nightly job: how probable is each species, for 20,000 flowers?

Your turn: the job ends without an error, but its result is useless. Nobody can tell which row of
scores.parquet belongs to which flower. Only one of three numbers is left, and even this number is
wrong, because the columns in the file are not in the model's order.

Change the last part, headed "Score", so that scores.parquet has each row of rows.parquet once, with

1. the row's id,
2. in the column probabilities a list of three doubles: exactly what
   mlflow.pyfunc.load_model("models:/iris_batch@champion").predict(...) answers for this row.

The model and the rows are right. Leave them as they are.

Then: lab check 7
"""

# %% Imports
import os
import shutil
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import sklearn
from mlflow import MlflowClient
from mlflow.models import infer_signature
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

# %% The model: with predict_proba as its pyfunc_predict_fn, it answers three probabilities per row
iris = load_iris(as_frame=True)
X, y = iris.data, iris.target.map(dict(enumerate(iris.target_names)))
pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
with mlflow.start_run():
    model_info = mlflow.sklearn.log_model(
        pipeline,
        name="model",
        signature=infer_signature(X, pipeline.predict_proba(X)),
        pyfunc_predict_fn="predict_proba",
        pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
    )
registered = mlflow.register_model(model_info.model_uri, "iris_batch")
MlflowClient().set_registered_model_alias("iris_batch", "champion", registered.version)

# %% The rows, in four files: an id, and the columns in alphabetical order
random = np.random.default_rng(7)
rows = pd.DataFrame(
    {name: random.uniform(X[name].min(), X[name].max(), 20_000) for name in sorted(X)}
)
rows.insert(0, "id", random.permutation(20_000))
(output / "rows.parquet").mkdir()
for part in range(4):
    rows[part::4].to_parquet(output / "rows.parquet" / f"part-{part}.parquet", index=False)

# %% Spark in one process on this machine: so few rows need no cluster
spark = SparkSession.builder.appName("07_scale_exercise").master("local[*]").getOrCreate()

# %% Score
table = spark.read.parquet(str(output / "rows.parquet"))
probabilities_of = mlflow.pyfunc.spark_udf(
    spark, "models:/iris_batch@champion", env_manager="local", result_type="array<double>"
)
scores = table.select("id", probabilities_of().alias("probabilities"))
scores.write.parquet(str(output / "scores.parquet"))
print(f"{scores.count():,} rows scored, with the columns: {', '.join(scores.columns)}")
spark.stop()
