# %% [markdown]
"""
Score a million rows on Spark with a registered model, and lose a worker in the middle of it.

What to look at: a model by its URI is a function for Spark's columns; a worker that is killed costs
some tasks and no row, none twice and none missing; and one plain process, on one small machine, is
faster than the cluster.

**Time**: 10 minutes to read, 10 for the exercise.
"""

# %% Imports, and the Java that Spark runs on
import contextlib
import json
import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import warnings
from pathlib import Path

import mlflow
import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import sklearn
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def left_out(why):
    """Print what is missing, and end with the exit status for a lesson that cannot run here."""
    print(f"Lesson 07 is left out: {why}", file=sys.stderr)
    sys.exit(77)


try:
    import pyspark
    from pyspark.java_gateway import launch_gateway
    from pyspark.sql import SparkSession
    from pyspark.sql import functions as sf
except ModuleNotFoundError:
    left_out("pyspark is not installed here. On your own machine: make lesson-07")
java_home = os.environ.get("JAVA_HOME")
java = shutil.which("java", path=str(Path(java_home, "bin")) if java_home else None)
# A Mac without Java has a command of that name, too: it only prints that there is no Java.
java_version_text = (
    java and subprocess.run([java, "-version"], text=True, capture_output=True).stderr
)
version = re.search(r'version "(\d+)', java_version_text or "")
if not version or int(version[1]) < 17:
    left_out(
        f"Spark needs Java 17 or newer, {f'{java} is {version[1]}' if version else 'and finds none'}"
        f"{' in JAVA_HOME, which is ' + java_home if java_home else ''}. "
        "Debian, Ubuntu: apt install openjdk-21-jre-headless. macOS: brew install openjdk@21. "
        "Then: make lesson-07"
    )
master = os.environ.get("SPARK_MASTER_URL", "local[*]")
on_cluster = not master.startswith("local")
labs_own = master == "spark://spark-master:7077"
for host, port in re.findall(r"([^/,]+):(\d+)", master):
    # Spark itself would try for a minute, and then print a hundred lines.
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except OSError as error:
        sys.exit(
            f"No Spark master answers at SPARK_MASTER_URL={master}: {error}. On the host: "
            "docker compose --profile spark up --build --wait"
        )

# Without an address MLflow would quietly write to a file mlflow.db in this folder.
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("07_scale")
output = Path(os.environ.get("LAB_OUTPUT", "output")).resolve() / "07_scale"
output.mkdir(parents=True, exist_ok=True)

# The README quotes these. A species is never missing, so it may be an integer; the workers have
# the packages of this process; and what pyspark 4.2 is used for here, works with pandas 3.
warnings.filterwarnings("ignore", r"Hint: Inferred schema contains integer column", UserWarning)
warnings.filterwarnings("ignore", r"PySpark does not yet fully support pandas", FutureWarning)
logging.getLogger("mlflow.pyfunc").addFilter(
    lambda record: "does not recreate the same environment" not in record.getMessage()
)

# %% The model: it says what its columns are called, four doubles
measures, species = load_iris(as_frame=True, return_X_y=True)
columns = list(measures.columns)
pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(measures, species)
with mlflow.start_run():
    model_info = mlflow.sklearn.log_model(
        pipeline,
        name="model",
        signature=infer_signature(measures, pipeline.predict(measures)),
        pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
    )
# MLflow reports the new version on stderr, and this lesson shows it.
with contextlib.redirect_stderr(sys.stdout):
    registered = mlflow.register_model(model_info.model_uri, "iris_scale")
MlflowClient().set_registered_model_alias("iris_scale", "champion", registered.version)
uri = "models:/iris_scale@champion"

# %% Spark: this process is the driver, and what its Java half says goes to a file
began = time.perf_counter()
# The workers' Python must be of the same minor version. Elsewhere it may be at another path.
os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
conf = pyspark.SparkConf().setMaster(master).setAppName("07_scale")
conf.set("spark.ui.showConsoleProgress", "false")
# A task for each file, so that there is a middle: Spark would put these small ones into two tasks.
conf.set("spark.sql.files.minPartitionNum", "20")
with (output / "spark.log").open("w") as log:
    gateway = launch_gateway(popen_kwargs={"stdout": log, "stderr": log})
sc = pyspark.SparkContext(conf=conf, gateway=gateway)
spark = SparkSession(sc)
print(f"Spark {spark.version} on {master}, there after {time.perf_counter() - began:.1f} s")
# Another port than 4040 if another job has that one; then only the driver's machine reaches it.
page = os.environ.get("LAB_SPARK_PAGE") if sc.uiWebUrl.endswith(":4040") else None
print(f"  this job's page, while it runs  {page or sc.uiWebUrl}")
if "LAB_SPARK_MASTER_PAGE" in os.environ:
    print(f"  the master's page               {os.environ['LAB_SPARK_MASTER_PAGE']}")


def spark_says(resource):
    """Return what the job's page is made of, as JSON."""
    # Not through a proxy: this process answers. On a busy machine that may take a while.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    address = f"{sc.uiWebUrl}/api/v1/applications/{sc.applicationId}/{resource}"
    with direct.open(address, timeout=120) as answer:
        return json.load(answer)


# A cluster without a free core lets a job wait without end. The driver is the first in the list; in
# the lab there are two workers, and one of them will be lost.
while on_cluster and len(spark_says("executors")) < (3 if labs_own else 2):
    if time.perf_counter() - began > 120:
        sys.exit(
            f"{master} has too few workers for this job. Does another job have them? Its page says: "
            f"{os.environ.get('LAB_SPARK_MASTER_PAGE', 'port 8080')}. If one is missing: "
            "docker compose --profile spark up --detach --wait"
        )
    time.sleep(0.2)

# %% A million rows, made by the workers: each column from the row's number, in the range that iris has
rows, n = output / "rows.parquet", 1_000_000
for name in ("rows", "scored", "scored_despite", "scored_plain"):
    shutil.rmtree(output / f"{name}.parquet", ignore_errors=True)
low, high = measures.min(), measures.max()
made = spark.range(n, numPartitions=20).select(
    "id",
    *(
        (low[name] + (high[name] - low[name]) * (sf.col("id") * step % 1009) / 1008).alias(name)
        for name, step in zip(columns, (331, 457, 577, 701), strict=True)
    ),
)
made.write.parquet(str(rows))
files = sorted(rows.glob("*.parquet"))
if not files:
    sys.exit(
        f"Spark reports success, and {rows} has no rows in it: the workers wrote them to disks of "
        "their own. Set LAB_OUTPUT to a folder that the workers see under the same path."
    )
print(f"\n{n:,} rows in {len(files)} files: {rows}")

# %% The model as a function for columns; the driver downloads it, and Spark takes it to the workers
species_of = mlflow.pyfunc.spark_udf(spark, uri, env_manager="local", result_type="long")
flowers = spark.createDataFrame(measures).repartition(4)
answers = flowers.select(
    *columns,
    # By the names in the signature; by position; as one column with named fields.
    species_of().alias("by signature"),
    species_of(*columns).alias("by position"),
    species_of(sf.struct(*columns[::-1])).alias("as a struct"),
    # By position, and the wrong way round: the names are gone, all four are doubles.
    species_of(*columns[::-1]).alias("backwards"),
).toPandas()
expected = pipeline.predict(answers[columns])
print(f"The {len(answers)} flowers of iris, answers as the pipeline's own:")
for way in ("by signature", "by position", "as a struct", "backwards"):
    print(f"  {way:14}{(answers[way] == expected).sum():4}")
assert all((answers[way] == expected).all() for way in ("by signature", "by position"))
assert (answers["as a struct"] == expected).all() and (answers["backwards"] != expected).any()

# %% Score them, Parquet to Parquet
began = time.perf_counter()
scored = spark.read.parquet(str(rows)).select("id", species_of().alias("species"))
scored.write.parquet(str(output / "scored.parquet"))
spark_took = time.perf_counter() - began


# %% Every row once, and the answers those of pyfunc
def look_at(folder):
    """Return the species in the order of the rows' numbers; all of them are there, each once."""
    table = ds.dataset(output / folder).to_table().sort_by("id")
    assert (table["id"].to_numpy() == np.arange(n)).all(), f"not every row once in {folder}"
    return table["species"].to_numpy()


model = mlflow.pyfunc.load_model(uri)
result = look_at("scored.parquet")
sample = ds.dataset(rows).to_table().to_pandas().query("id % 1000 == 0")
assert (model.predict(sample[columns]) == result[sample["id"]]).all()
print(f"\nScored on Spark: {n:,} rows, each once; {len(sample):,} compared with pyfunc, all equal")


# %% Again, and in the middle a worker is lost, as if its machine lost power
unplugged = output / "unplugged"
unplugged.unlink(missing_ok=True)


def pull_the_plug(batches):
    """Hand rows on; where row 700,000 comes by for the first time, kill this machine's worker."""
    for batch in batches:
        if 700_000 in batch["id"].values and not unplugged.exists():
            unplugged.touch()
            for process in Path("/proc").glob("[0-9]*"):
                command = [b""]
                # Meanwhile it may have ended.
                with contextlib.suppress(OSError):
                    command = (process / "cmdline").read_bytes().split(b"\0")
                if (
                    command[0].endswith(b"java")
                    and b"org.apache.spark.deploy.worker.Worker" in command
                ):
                    # Its container ends with it, and so do the tasks in there, this one too.
                    os.kill(int(process.name), signal.SIGKILL)
            time.sleep(30)
        yield batch


# Only the lab's own cluster: on another one the worker may be somebody's.
if labs_own:
    sc.setJobDescription("a worker is killed in the middle")
    began = time.perf_counter()
    disturbed = spark.read.parquet(str(rows))
    disturbed = disturbed.mapInPandas(pull_the_plug, disturbed.schema)
    disturbed.select("id", species_of().alias("species")).write.parquet(
        str(output / "scored_despite.parquet")
    )
    seconds = time.perf_counter() - began
    assert unplugged.exists() and (look_at("scored_despite.parquet") == result).all()
    job = next(job for job in spark_says("jobs") if "killed" in job.get("description", ""))
    stage = spark_says(f"stages/{job['stageIds'][-1]}?details=true")[0]
    failed = next(task for task in stage["tasks"].values() if task["status"] == "FAILED")
    lost = next(executor for executor in spark_says("allexecutors") if not executor["isActive"])
    print("Again, and where row 700,000 comes by, a worker is killed. The job's page says:")
    print(f"  job {job['jobId']:<10} {job['status']}, after {seconds:.1f} s")
    print(f"  {stage['numCompleteTasks']} tasks done   {stage['numFailedTasks']} failed on the way")
    print(f"  the failed one {failed['errorMessage'].partition(' Reason')[0]}")
    print(f"  executor {lost['id']:<5} removed: {lost['removeReason'].partition(':')[0]}")
    print(f"  {n:,} rows, each once, with the same answers")
else:
    print("There is no worker of the lab's to kill here: this step is left out")

# %% The same rows by one plain process
began = time.perf_counter()
(output / "scored_plain.parquet").mkdir()
schema = pa.schema({"id": pa.int64(), "species": pa.int64()})
with pq.ParquetWriter(output / "scored_plain.parquet" / "part.parquet", schema) as writer:
    for file in files:
        # Never more than one batch in memory, so there may be more rows than memory.
        for batch in pq.ParquetFile(file).iter_batches():
            answers = model.predict(batch.select(columns).to_pandas())
            writer.write_batch(pa.record_batch([batch["id"], answers], schema=schema))
plain_took = time.perf_counter() - began
assert (look_at("scored_plain.parquet") == result).all()
print(f"\n{'Rows per second':24}{os.cpu_count()} cores")
print(f"  {'Spark':22}{n / spark_took:12,.0f}")
print(f"  {'one plain process':22}{n / plain_took:12,.0f}")
print(f"  {'plain to Spark':22}{spark_took / plain_took:12.1f}")

# %% With `python -i` it stays, and so do its pages
if not sys.flags.interactive:
    spark.stop()
