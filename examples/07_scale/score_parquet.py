# %% [markdown]
"""
Score Parquet files with a registered model on Spark, as a nightly job would.

What to look at: the script checks what it can before it starts Spark. It writes the new result beside the
old one. It replaces the old one only when every row is there and a sample equals the answers of pyfunc.
Exit code 0: done. 1: nothing was changed, and stderr says why. 77: PySpark or Java is missing.
"""

# %% Imports
import argparse
import atexit
import contextlib
import json
import logging
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import warnings
from pathlib import Path
from textwrap import shorten

import mlflow
import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
from mlflow.exceptions import MlflowException

lesson = Path(os.environ.get("LAB_OUTPUT", "output")).resolve() / "07_scale"
parser = argparse.ArgumentParser(
    description="Score Parquet files on Spark. The result has the columns of the rows and one more, prediction.",
    epilog="Set SPARK_MASTER_URL to the address of Spark's master (default: local[*]). Exit code 0: done. "
    "1: nothing was changed, and stderr says why. 2: wrong usage. 77: PySpark or Java is missing.",
)
parser.add_argument(
    "model", nargs="?", default="models:/iris_scale@champion", help="default: %(default)s"
)
parser.add_argument(
    "rows",
    nargs="?",
    type=Path,
    default=lesson / "rows.parquet",
    help="a Parquet file or a folder of them, on a disk that all workers see (default: %(default)s)",
)
parser.add_argument(
    "out",
    nargs="?",
    type=Path,
    default=lesson / "predictions.parquet",
    help="the folder for the result, on a disk that all workers see; an earlier result is replaced "
    "(default: %(default)s)",
)
parser.add_argument(
    "--result-type",
    help="Spark's type for a prediction: long, double, string, array<double>, … "
    "(default: the type that fits the model's answers for the first rows)",
)
arguments = parser.parse_args()
uri, rows, out = arguments.model, arguments.rows.absolute(), arguments.out.absolute()
# How many seconds to wait for a free worker, and for a worker that starts. On a busy machine that takes long.
PATIENCE = 30
ON_ITS_WAY = 300
SAMPLE = 1000


def left_out(why):
    """Print what is missing, and end with the exit status for a script that cannot run here."""
    print(why, file=sys.stderr)
    sys.exit(77)


try:
    import pyspark
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException
    from pyspark.java_gateway import launch_gateway
    from pyspark.sql import SparkSession
except ModuleNotFoundError:
    left_out("pyspark is not installed here. On your own machine: make lesson-07")
java_home = os.environ.get("JAVA_HOME")
java = shutil.which("java", path=str(Path(java_home, "bin")) if java_home else None)
# A Mac without Java has a command with this name, too. It only prints that there is no Java.
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

# What this script uses of PySpark works with pandas 3.
warnings.filterwarnings("ignore", r"PySpark does not yet fully support pandas", FutureWarning)
# The workers have the model's packages, so MLflow need not install them.
logging.getLogger("mlflow.pyfunc").addFilter(
    lambda record: "does not recreate the same environment" not in record.getMessage()
)
# Without an address, MLflow would use a file mlflow.db in this folder and print nothing about it.
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])


def interrupted(kind, error, trace):
    """Report Ctrl-C in one line; leave any other error to Python."""
    if not issubclass(kind, KeyboardInterrupt):
        return sys.__excepthook__(kind, error, trace)
    print(f"Interrupted: nothing was written to {out}.", file=sys.stderr)


def ended(number, frame):
    """Treat a scheduler's signal to stop as Ctrl-C."""
    # py4j, which connects Python and Java, would log a long traceback of the interrupted call.
    logging.disable()
    raise KeyboardInterrupt


sys.excepthook = interrupted
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, ended)

# %% Download the model once, because an alias may move while this runs
scratch = tempfile.TemporaryDirectory()
tempfile.tempdir = scratch.name
try:
    folder = mlflow.artifacts.download_artifacts(uri)
    model = mlflow.pyfunc.load_model(folder)
# Loading a model runs its author's code, which may raise anything.
except Exception as error:
    reason = shorten(str(error), 300)
    sys.exit(
        f"{uri} cannot be loaded, with MLFLOW_TRACKING_URI={mlflow.get_tracking_uri()}: {reason}"
    )
signature = model.metadata.signature
if signature is None or signature.inputs is None or signature.inputs.is_tensor_spec():
    sys.exit(f"{uri} has no signature that names columns. Log it with one: infer_signature()")

# %% Check that the model accepts the rows
if not rows.exists():
    sys.exit(f"There is nothing at {rows}. Name the Parquet, or run the lesson's run.py first.")
try:
    dataset = ds.dataset(rows, format="parquet", partitioning="hive")
    count, first = dataset.count_rows(), dataset.head(SAMPLE)
except (OSError, pa.ArrowInvalid) as error:
    sys.exit(f"{rows} is no Parquet: {shorten(str(error), 300)}")
if not count:
    sys.exit(f"There is no row in {rows}.")
names = dataset.schema.names
missing = [name for name in signature.inputs.required_input_names() if name not in names]
if missing:
    sys.exit(
        f"{rows} has no columns {missing}, which the signature of {uri} requires. "
        f"It has {names}: rename them, or name other rows."
    )
if "prediction" in names:
    sys.exit(f"{rows} has a column prediction already. Rename it, or name other rows.")
# MLflow would ignore the other columns, with a warning.
columns = [name for name in signature.inputs.input_names() if name in names]
try:
    first_answers = np.asarray(model.predict(first.select(columns).to_pandas()))
except Exception as error:
    reason = shorten(str(error).rpartition("Error: ")[2], 300)
    sys.exit(f"{uri} does not answer to the first {len(first)} rows of {rows}: {reason}")
fitting_type = {"i": "long", "f": "double"}.get(first_answers.dtype.kind, "string")
if first_answers.ndim == 2:
    fitting_type = f"array<{fitting_type}>"
result_type = arguments.result_type or fitting_type

# %% Check the folder for the result: only an earlier result may be replaced
if out.is_relative_to(rows) or rows.is_relative_to(out):
    sys.exit(f"ROWS {rows} and OUT {out} lie in one another. Name another OUT.")
existing = out.iterdir() if out.is_dir() else [out] * out.exists()
foreign = [path.name for path in existing if not re.match(r"\.?_SUCCESS|\.?part-", path.name)]
if foreign:
    sys.exit(f"{out} is no result of an earlier call: {foreign[0]}. Name another OUT.")
beside = out.with_name(f"{out.name}.{secrets.token_hex(4)}.partial")
try:
    beside.mkdir()
except OSError as error:
    sys.exit(f"Nothing can be written beside {out}: {error}. Name another OUT.")
atexit.register(shutil.rmtree, beside, ignore_errors=True)
result = beside / "result"

# %% Check that the master answers. Spark itself would try for a minute and then print a hundred lines
master = os.environ.get("SPARK_MASTER_URL", "local[*]")
on_cluster = not master.startswith("local")
hosts = re.findall(r"([^/,]+):(\d+)", master)
for host, port in hosts:
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
        break
    except OSError as error:
        refusal = error
else:
    if hosts:
        sys.exit(
            f"No Spark master answers at SPARK_MASTER_URL={master}: {refusal}. "
            "The lab's own: docker compose --profile spark up --detach --wait"
        )

# %% Start Spark, whose own messages go to a file
began = time.monotonic()
os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
conf = pyspark.SparkConf().setMaster(master).setAppName(f"score {uri}")
conf.set("spark.ui.enabled", "true").set("spark.ui.showConsoleProgress", "false")
conf.set("spark.local.dir", scratch.name)
log = lesson / "score_parquet.log"


def spark_message(error):
    """Return the message of a Spark error, without the stack traces of Python and Java."""
    lines = re.findall(r"^(?:: )?[\w.]*(?:Exception|Error): (.+)", str(error), flags=re.MULTILINE)
    return f"{shorten(lines[0] if lines else str(error), 300)} (Spark's own words: {log})"


def end_spark():
    """End Spark's Java process, so that nothing is written while the partial result is removed."""
    if pyspark.SparkContext._active_spark_context:
        with contextlib.suppress(Exception), warnings.catch_warnings(action="ignore"):
            sc.stop()
    gateway.proc.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        gateway.proc.wait(timeout=20)


try:
    lesson.mkdir(parents=True, exist_ok=True)
    with log.open("w") as file:
        gateway = launch_gateway(popen_kwargs={"stdout": file, "stderr": file})
    atexit.register(end_spark)
    sc = pyspark.SparkContext(conf=conf, gateway=gateway)
    # PySpark's own handler for Ctrl-C would call Java in the middle of another call to Java.
    signal.signal(signal.SIGINT, ended)
    spark = SparkSession(sc)
except (OSError, PySparkException, Py4JError) as error:
    sys.exit(f"Spark does not start with SPARK_MASTER_URL={master}: {spark_message(error)}")

# %% Wait for a worker, but not without end, as Spark would
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ask(address):
    """Return what one of Spark's pages shows, as data."""
    with direct.open(address, timeout=5) as answer:
        return json.load(answer)


def missing_worker():
    """Return why no worker has taken the job, as the master knows it, and how many seconds to wait for one."""
    port = os.environ.get("SPARK_MASTER_WEBUI_PORT", "8080")
    try:
        page = ask(f"http://{host}:{port}/json/")
    except OSError:
        return "Its page would say why.", PATIENCE
    workers = [worker for worker in page["workers"] if worker["state"] == "ALIVE"]
    apps = [app for app in page["activeapps"] if app["id"] == sc.applicationId]
    requested_memory = apps[0]["memoryperexecutor"] if apps else 0
    largest_memory = max((worker["memory"] for worker in workers), default=0)
    if not workers:
        return "No worker is there. docker compose --profile spark up --detach --wait", PATIENCE
    if requested_memory > largest_memory:
        return (
            f"An executor is to have {requested_memory} MB, and the {len(workers)} workers have {largest_memory} MB at "
            "the most. Set SPARK_EXECUTOR_MEMORY to less.",
            0,
        )
    other_jobs = [app["name"] for app in page["activeapps"] if app["id"] != sc.applicationId]
    if not other_jobs:
        return (
            "It was given some, which do not start; their logs on the master's page say why.",
            ON_ITS_WAY,
        )
    return (
        f"These jobs have the workers' cores: {other_jobs}. Wait for their end, or end them.",
        PATIENCE,
    )


def worker_is_there():
    """Tell whether a worker has taken the job. A driver that is too busy to answer could not use one."""
    try:
        executors = ask(f"{sc.uiWebUrl}/api/v1/applications/{sc.applicationId}/executors")
    except OSError:
        return False
    # The driver is one of them.
    return len(executors) > 1


while on_cluster and not worker_is_there():
    why, patience = missing_worker()
    if time.monotonic() > began + patience:
        sys.exit(f"{master} has no worker for this job. {why}")
    time.sleep(0.5)

# %% Check that the workers see the folders. If not, Spark would report success, but the rows would be lost
try:
    seen = (
        sc.parallelize(range(8), 8)
        .map(lambda _: [path for path in (rows, beside) if not path.exists()])
        .collect()
    )
    if hidden := {path for paths in seen for path in paths}:
        hidden = rows if rows in hidden else out.parent
        sys.exit(
            f"The workers do not see {hidden} of this machine: what they write there stays with "
            "them. Name a folder that all of them share, in the lab one below LAB_OUTPUT."
        )

    # %% Score
    predict = mlflow.pyfunc.spark_udf(spark, folder, env_manager="local", result_type=result_type)
    scoring = time.monotonic()
    spark.read.parquet(str(rows)).withColumn("prediction", predict()).write.parquet(str(result))
    scoring_seconds = time.monotonic() - scoring

    # %% Check that every row is there, as this process sees it
    written = ds.dataset(result, format="parquet")
    if written.count_rows() != count:
        sys.exit(
            f"Spark reports success, and {written.count_rows()} of {count} rows are in {out.parent}: "
            "the others are on the workers' own disks. Name an OUT that all of them share."
        )
    classes = spark.read.parquet(str(result)).groupBy("prediction").count()
    classes = classes.orderBy("count", ascending=False).limit(10).collect()
except (MlflowException, PySparkException, Py4JError) as error:
    sys.exit(f"Not scored: {spark_message(error)}")

# %% Compare a sample with the answers of pyfunc
sample = written.head(SAMPLE)
stored_predictions = sample["prediction"].to_pylist()
expected = model.predict(sample.select(columns).to_pandas())
if isinstance(stored_predictions[0], dict):
    expected = expected.to_dict("records")
expected = (
    np.asarray(expected).astype(str)
    if isinstance(stored_predictions[0], str)
    else np.asarray(expected)
)
if not np.array_equal(np.asarray(stored_predictions), expected):
    sys.exit(
        f"{uri} answers {shorten(str(expected[0]), 60)}, and --result-type {result_type} "
        f"makes {shorten(str(stored_predictions[0]), 60)} of it. Choose a type that holds the answers."
    )

# %% Replace the old result. No signal may interrupt this
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
if out.exists():
    out.rename(beside / "before")
result.rename(out)
print(f"{count:,} rows of {rows}")
print(f"scored by {uri} on {master}, {count / scoring_seconds:,.0f} a second")
for row in classes:
    print(f"  {row['count']:10,}  {row['prediction']}")
print(f"compared with pyfunc: {len(stored_predictions):,}, all equal")
print(f"written to {out}")
