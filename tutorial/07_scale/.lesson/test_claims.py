"""What the README of lesson 07 says beyond what run.py asserts, on the cluster or with local[*]."""

import itertools
import logging
import os
import re
import shutil
import subprocess
import sys
import threading
import uuid
import warnings
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pyspark
import pytest
from mlflow.models import infer_signature
from pyspark.errors import PySparkException
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession
from pyspark.sql import functions as sf

ROOT = Path(__file__).parents[3]
README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
MASTER = os.environ.get("SPARK_MASTER_URL", "local[*]")
ON_CLUSTER = not MASTER.startswith("local")
# A number that a float cannot hold, and one that a double cannot.
FLOAT_S, DOUBLE_S = 2**24 + 1, 2**53 + 1
# What the models answer to a row, and how that is found in the README's table of types.
ANSWERS = {
    "whole numbers (int64)": "int64",
    "one double": "float64",
    "three doubles a row": "three",
}
MODEL = """
import mlflow
import numpy as np
import pandas as pd


class Model(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input: pd.DataFrame, params=None):
        numbers = model_input["a"].to_numpy()
        if KIND == "three":
            return np.column_stack([numbers + 0.1, numbers, numbers])
        return (numbers + (0.1 if KIND == "float64" else 0)).astype(KIND)


mlflow.models.set_model(Model())
"""
ROWS = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})

pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas")


def quoted(words):
    """Return these words after seeing that the README quotes them."""
    assert words in README.replace("`", ""), words
    return words


@pytest.fixture(scope="module")
def shared():
    """A folder that driver and workers see, removed afterwards."""
    folder = Path(os.environ.get("LAB_OUTPUT", "output")).resolve() / f"test-{uuid.uuid4().hex[:8]}"
    folder.mkdir(parents=True)
    yield folder
    subprocess.run(["rm", "-r", folder], check=True)


@pytest.fixture(scope="module")
def spark(shared):
    """A session, its own words in a file. It has one core, and leaves the cluster's other one to processes."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    conf = pyspark.SparkConf().setMaster(MASTER).setAppName("test 07_scale")
    conf.set("spark.ui.showConsoleProgress", "false").set("spark.cores.max", "1")
    # A few rows are one task's, so that one Python worker imports MLflow.
    conf.set("spark.default.parallelism", "1").set("spark.sql.shuffle.partitions", "1")
    # A task that fails takes its worker with it, and is tried four times: each new worker would import MLflow again.
    shutil.copy(ROOT / "tests/inside/spark_daemon.py", shared)
    conf.set("spark.python.daemon.module", "spark_daemon")
    conf.set("spark.executorEnv.PYTHONPATH", str(shared))
    with (shared / "spark.log").open("w") as log:
        gateway = launch_gateway(popen_kwargs={"stdout": log, "stderr": log})
    with warnings.catch_warnings(action="ignore"):
        session = SparkSession(pyspark.SparkContext(conf=conf, gateway=gateway))
    yield session
    session.stop()


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """The folders of three models, by what they answer."""
    folders = {}
    for kind in ANSWERS.values():
        folder = tmp_path_factory.mktemp(kind)
        (folder / "model.py").write_text(f"KIND = {kind!r}\n{MODEL}")
        answers = np.ones((2, 3)) if kind == "three" else np.ones(2).astype(kind)
        folders[kind] = str(folder / "model")
        mlflow.pyfunc.save_model(
            folders[kind],
            python_model=str(folder / "model.py"),
            signature=infer_signature(ROWS, answers),
            pip_requirements=[],
        )
    return folders


def ask(spark, model, numbers, result_type, *columns):
    """Return what a model answers to these numbers on Spark, or what Spark raises."""
    typed = {} if result_type is None else {"result_type": result_type}
    function = mlflow.pyfunc.spark_udf(spark, model, env_manager="local", **typed)
    rows = spark.createDataFrame(pd.DataFrame({"a": numbers, "b": 0.0}))
    try:
        return [row[0] for row in rows.select(function(*columns)).collect()]
    except PySparkException as error:
        return str(error)


def table():
    """Return the README's table of types: by result_type, then by what the model answers."""
    lines = re.findall(r"^\| (.*) \|$", README, flags=re.MULTILINE)
    start = next(n for n, line in enumerate(lines) if line.startswith("`result_type` |"))
    plain = (line.replace("`", "").replace("*", "").split(" | ") for line in lines[start:])
    # Another table follows, of another width.
    head, *rows = itertools.takewhile(lambda row: len(row) == 1 + len(ANSWERS), plain)
    return {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in rows}


TABLE = table()
REFUSED = "did not produce any values compatible"


@pytest.mark.parametrize("answers", ANSWERS)
@pytest.mark.parametrize("result_type", TABLE)
def test_the_table_tells_what_a_result_type_makes_of_an_answer(spark, models, result_type, answers):
    told, kind = TABLE[result_type][answers], ANSWERS[answers]
    typed = None if result_type == "left out" else result_type
    got = ask(spark, models[kind], [1.0, 2.0], typed)
    right = {"int64": [1, 2], "float64": [1.1, 2.1], "three": [[1.1, 1, 1], [2.1, 2, 2]]}[kind]
    if told == "refused":
        assert REFUSED in got
    elif told.startswith("fails"):
        assert quoted("'numpy.float64' object is not iterable") in got
    elif told.startswith("the first one only"):
        first = [row[0] for row in right]
        assert np.allclose(np.array(got, float), first)
        assert (got == first) == (told == "the first one only")
        assert isinstance(got[0], str) == told.endswith("as text")
    elif told == "as text":
        assert got == [str(answer) for answer in right]
    elif told == "a list of one":
        assert got == [[answer] for answer in right]
    elif told.startswith("rounded"):
        assert (got == right) == (kind == "int64")
        assert np.allclose(got, right)
    else:
        assert told.startswith("right")
        assert got == right


def test_a_float_rounds_whole_numbers_from_2_to_the_24_on_and_a_double_from_2_to_the_53(
    spark, models
):
    # The rows hold doubles, so the model adds nothing to what they cannot say.
    assert ask(spark, models["int64"], [2.0**24, float(FLOAT_S)], "float") == [2.0**24] * 2
    assert ask(spark, models["int64"], [2.0**24, float(FLOAT_S)], "double") == [2**24, FLOAT_S]
    assert float(DOUBLE_S) != DOUBLE_S and float(2**53) == 2**53


def test_names_find_their_columns_and_positions_do_not(spark, models):
    # b, which is 0 everywhere, comes first.
    numbers, backwards = [1.0, 2.0], ("b", "a")
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        assert ask(spark, models["int64"], numbers, "long") == [1, 2]
        assert ask(spark, models["int64"], numbers, "long", *backwards) == [0, 0]
        assert ask(spark, models["int64"], numbers, "long", sf.struct(*backwards)) == [1, 2]


def test_the_refusals_read_as_the_readme_quotes_them(spark, models):
    said = ask(spark, models["int64"], [1.0], "int")
    words = (
        "The model did not produce any values compatible with the requested type 'IntegerType()'."
    )
    assert quoted(words) in said
    said = ask(spark, models["int64"], [1.0], "long", "a")
    # The number is that of the signature: four in the lesson, two here.
    quoted("Model input is missing required columns. Expected 4 required input columns")
    assert "Model input is missing required columns. Expected 2 required input columns" in said
    function = mlflow.pyfunc.spark_udf(
        spark, models["int64"], env_manager="local", result_type="long"
    )
    with pytest.raises(PySparkException) as refused:
        spark.createDataFrame(ROWS.rename(columns={"a": "A name"})).select(function())
    words = (
        "[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column, variable, or function parameter with name "
        "sepal length (cm) cannot be resolved."
    )
    # The name is that of the signature, too.
    assert quoted(words).replace("sepal length (cm)", "a") in str(refused.value).replace("`", "")


def test_spark_does_not_overwrite_and_cannot_read_a_folder_without_rows(spark, shared):
    (shared / "empty").mkdir()
    (shared / "empty" / "_SUCCESS").touch()
    with pytest.raises(PySparkException) as refused:
        spark.read.parquet(str(shared / "empty"))
    words = "[UNABLE_TO_INFER_SCHEMA] Unable to infer schema for Parquet."
    assert quoted(words) in str(refused.value)
    with pytest.raises(PySparkException) as refused:
        spark.createDataFrame(ROWS).write.parquet(str(shared / "empty"))
    assert quoted("[PATH_ALREADY_EXISTS]") in str(refused.value)


def test_a_task_that_fails_by_itself_is_tried_four_times_on_a_cluster(spark, shared):
    tries = shared / "tries"
    tries.mkdir()

    def fail(number):
        (tries / uuid.uuid4().hex).touch()
        raise ValueError(number)

    with pytest.raises(Exception, match="ValueError"):
        spark.sparkContext.parallelize([1], 1).map(fail).collect()
    assert len(list(tries.iterdir())) == (4 if ON_CLUSTER else 1)


def test_workers_need_no_address_of_mlflow(spark):
    def address(_):
        return os.environ.get("MLFLOW_TRACKING_URI")

    [there] = set(spark.sparkContext.parallelize(range(4), 4).map(address).collect())
    # In local mode the tasks are in this process's own environment.
    assert there == (None if ON_CLUSTER else os.environ["MLFLOW_TRACKING_URI"])


def test_a_worker_must_have_the_driver_s_minor_version(spark):
    from pyspark.errors.error_classes import ERROR_CLASSES_MAP

    text = " ".join(ERROR_CLASSES_MAP["PYTHON_VERSION_MISMATCH"]["message"])
    words = quoted("[PYTHON_VERSION_MISMATCH] Python in worker has different version")
    assert words.partition("] ")[2] in text
    assert quoted("than that in driver") in text


def test_more_memory_than_there_is_makes_a_cluster_wait_without_end(spark):
    # The session of the other tests leaves a core: what is missing is memory.
    code = f"""
from pyspark.sql import SparkSession
builder = SparkSession.builder.master({MASTER!r}).config("spark.ui.enabled", "false")
# Spark says every second that it waits, instead of every 15.
spark = builder.config("spark.starvation.timeout", "1s").getOrCreate()
print("count", spark.range(3).count())
"""
    env = os.environ | {"SPARK_EXECUTOR_MEMORY": "64g"}
    command = [sys.executable, "-c", code]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    words = (
        "Initial job has not accepted any resources; check your cluster UI to ensure that workers "
        "are registered and have sufficient resources"
    )
    printed = ""
    with subprocess.Popen(command, env=env, text=True, **pipes) as job:
        # If Spark says something else, this test is not to wait without end, too.
        patience = threading.Timer(120, job.kill)
        patience.start()
        for line in job.stdout:
            printed += line
            if printed.count(words) == 10:
                break
        else:
            job.wait()
        ended = job.poll() is not None
        patience.cancel()
        job.kill()
    assert ended == (not ON_CLUSTER)
    assert quoted(words) in printed if ON_CLUSTER else "count 3" in printed


def test_without_java_spark_says_that_its_gateway_exited(tmp_path):
    (tmp_path / "bin").mkdir()
    java = tmp_path / "bin" / "java"
    java.write_text("#!/bin/sh\nexit 1\n")
    java.chmod(0o755)
    code = (
        "from pyspark.sql import SparkSession; SparkSession.builder.master('local').getOrCreate()"
    )
    env = os.environ | {"JAVA_HOME": str(tmp_path)}
    ran = subprocess.run([sys.executable, "-c", code], env=env, text=True, capture_output=True)
    words = "[JAVA_GATEWAY_EXITED] Java gateway process exited before sending its port number."
    assert quoted(words) in ran.stderr


def test_what_is_silenced_is_warned_of(spark, models, monkeypatch):
    said = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())
    logger = logging.getLogger("mlflow.pyfunc")
    logger.addHandler(handler)
    try:
        mlflow.pyfunc.spark_udf(spark, models["int64"], env_manager="local", result_type="long")
    finally:
        logger.removeHandler(handler)
    assert quoted("does not recreate the same environment") in " ".join(said)
    with pytest.warns(FutureWarning, match="PySpark does not yet fully support pandas >= 3.0.0"):
        spark.createDataFrame(ROWS).toPandas()
    quoted("does not yet fully support pandas >= 3.0.0")
