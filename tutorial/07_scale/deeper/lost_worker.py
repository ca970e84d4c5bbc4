# %% [markdown]
"""
A worker dies in the middle of a job, and still every row is scored once.

A million rows pass through a function that looks for row 700,000. The worker that gets this row is
killed, as if its machine lost power.
"""

# %%
import contextlib
import os
import shutil
import signal
import sys
import time
from pathlib import Path

import mlflow
import pandas as pd
import requests
import sklearn
from pyspark.sql import SparkSession
from pyspark.sql import functions as sf
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

master = os.environ.get("SPARK_MASTER_URL", "local[*]")
if master != "spark://spark-master:7077":
    sys.exit(print("Only the stack has a cluster on which this script may kill a worker."))
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("07_scale")
output = Path(os.environ.get("LAB_OUTPUT", "output")).resolve() / "07_scale" / "lost_worker"
shutil.rmtree(output, ignore_errors=True)
output.mkdir(parents=True)
spark = SparkSession.builder.appName("07_scale lost_worker").master(master).getOrCreate()

iris = load_iris(as_frame=True)
X, y = iris.data, iris.target.map(dict(enumerate(iris.target_names)))
classifier = LogisticRegression(max_iter=500).fit(X, y)
pip = [f"scikit-learn=={sklearn.__version__}"]
with mlflow.start_run(run_name="lost_worker"):
    logged = mlflow.sklearn.log_model(
        classifier, name="model", input_example=X.head(3), pip_requirements=pip
    )
species_of = mlflow.pyfunc.spark_udf(spark, logged.model_uri, "string", env_manager="local")
rows = spark.range(1_000_000, numPartitions=8)
rows = rows.select("id", *[(sf.rand(n) * 5).alias(name) for n, name in enumerate(X)])


# %%
def pull_the_plug(batches):
    """Hand the rows on. At row 700,000, kill the worker on this machine, but only once."""
    for batch in batches:
        if 700_000 in batch["id"].values and not (output / "unplugged").exists():
            (output / "unplugged").touch()
            for file in Path("/proc").glob("[0-9]*/cmdline"):
                command = []
                with contextlib.suppress(OSError):  # The process may have ended meanwhile.
                    command = file.read_bytes().split(b"\0")
                if b"org.apache.spark.deploy.worker.Worker" in command:
                    os.kill(int(file.parent.name), signal.SIGKILL)
            time.sleep(30)  # The worker's container ends now, and this process with it.
        yield batch


job = rows.mapInPandas(pull_the_plug, rows.schema).withColumn("species", species_of())
job.write.parquet(str(output / "scored.parquet"))

scored = pd.read_parquet(output / "scored.parquet")
right = (classifier.predict(scored[X.columns]) == scored["species"]).sum()
print("The worker that got row 700,000 was killed. Still:")
print(f"  {len(scored):,} rows, {scored['id'].nunique():,} ids, {right:,} right answers")
sc = spark.sparkContext
page = f"http://localhost:{sc.uiWebUrl.rpartition(':')[2]}/api/v1/applications/{sc.applicationId}"
for stage in requests.get(f"{page}/stages?details=true", timeout=60).json():
    print(f"  {stage['numCompleteTasks']} tasks done, {stage['numFailedTasks']} failed on the way")
    failed = [task for task in stage["tasks"].values() if task["status"] == "FAILED"]
    print(f"  the failed task: {failed[0]['errorMessage'].partition(' Reason')[0]}")
spark.stop()
