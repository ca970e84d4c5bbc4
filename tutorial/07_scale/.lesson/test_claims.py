"""What the pages of lesson 07 say beyond the output that they show, on the cluster or with local[*]."""

import itertools
import logging
import os
import re
import shutil
import subprocess
import sys
import time
import uuid
import warnings
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.models import infer_signature
from pyspark import SparkConf, SparkContext
from pyspark.errors import PySparkException
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession
from pyspark.sql import functions as sf

from tests.inside.scripts import run_here

ROOT = Path(__file__).parents[3]
LESSON = Path(__file__).parents[1]
REFERENCE = (LESSON / "REFERENCE.md").read_text(encoding="utf-8")
MASTER = os.environ.get("SPARK_MASTER_URL", "local[*]")
ON_CLUSTER = not MASTER.startswith("local")
# A number that a float cannot hold, and one that a double cannot.
FLOAT_S, DOUBLE_S = 2**24 + 1, 2**53 + 1
# What the models answer for a row, and how the reference's table of types calls it.
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
    """Return these words. Fail unless the reference quotes them."""
    assert words in REFERENCE.replace("`", ""), words
    return words


@pytest.fixture(scope="module")
def shared():
    """Lend a folder that the driver and the workers see, and remove it afterwards."""
    folder = Path(os.environ.get("LAB_OUTPUT", "output")).resolve() / f"test-{uuid.uuid4().hex[:8]}"
    folder.mkdir(parents=True)
    yield folder
    subprocess.run(["rm", "-r", folder], check=True)


@pytest.fixture(scope="module")
def spark(shared):
    """Start a session with one core of the cluster, so that other processes can use the other core."""
    # A task that fails ends its Python worker, and is tried four times. Each new worker would import MLflow again.
    shutil.copy(ROOT / "tests/inside/spark_daemon.py", shared)
    settings = {
        "spark.cores.max": "1",
        # One task for a few rows, so that one Python worker imports MLflow.
        "spark.default.parallelism": "1",
        "spark.sql.shuffle.partitions": "1",
        "spark.python.daemon.module": "spark_daemon",
        "spark.executorEnv.PYTHONPATH": str(shared),
    }
    conf = SparkConf().setMaster(MASTER).setAppName("test 07_scale").setAll(list(settings.items()))
    # Java gets no settings when it starts, or other tests' sessions in the same Java process would have them, too.
    gateway = launch_gateway()
    with warnings.catch_warnings(action="ignore"):
        session = SparkSession(SparkContext(conf=conf, gateway=gateway))
    yield session
    session.stop()


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Save three models, and return their folders by what they answer."""
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
    """Return what a model answers for these numbers on Spark, or Spark's error message."""
    typed = {} if result_type is None else {"result_type": result_type}
    function = mlflow.pyfunc.spark_udf(spark, model, env_manager="local", **typed)
    rows = spark.createDataFrame(pd.DataFrame({"a": numbers, "b": 0.0}))
    try:
        return [row[0] for row in rows.select(function(*columns)).collect()]
    except PySparkException as error:
        return str(error)


def table():
    """Return the reference's table of types: by result_type, then by what the model answers."""
    lines = re.findall(r"^\| (.*) \|$", REFERENCE, flags=re.MULTILINE)
    start = next(n for n, line in enumerate(lines) if line.startswith("`result_type` |"))
    plain = (line.replace("`", "").replace("*", "").split(" | ") for line in lines[start:])
    # The next table in the reference has another number of columns.
    head, *rows = itertools.takewhile(lambda row: len(row) == 1 + len(ANSWERS), plain)
    return {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in rows}


TABLE = table()
REFUSED = "did not produce any values compatible"


@pytest.mark.parametrize("answers", ANSWERS)
@pytest.mark.parametrize("result_type", TABLE)
def test_each_result_type_makes_of_an_answer_what_the_table_says(
    spark, models, result_type, answers
):
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


def test_float_rounds_whole_numbers_from_2_to_the_24_on_and_double_from_2_to_the_53_on(
    spark, models
):
    # The model's input is doubles, so the model cannot be asked for a number that no double can store.
    assert ask(spark, models["int64"], [2.0**24, float(FLOAT_S)], "float") == [2.0**24] * 2
    assert ask(spark, models["int64"], [2.0**24, float(FLOAT_S)], "double") == [2**24, FLOAT_S]
    assert float(DOUBLE_S) != DOUBLE_S and float(2**53) == 2**53


def test_columns_are_found_by_name_unless_they_are_listed(spark, models):
    # Column b is 0 everywhere, and here it comes first.
    numbers, backwards = [1.0, 2.0], ("b", "a")
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        assert ask(spark, models["int64"], numbers, "long") == [1, 2]
        assert ask(spark, models["int64"], numbers, "long", *backwards) == [0, 0]
        assert ask(spark, models["int64"], numbers, "long", sf.struct(*backwards)) == [1, 2]


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


def test_a_job_waits_without_end_if_no_worker_has_enough_memory_and_spark_log_says_so(tmp_path):
    # The session of the other tests leaves a core free, so only memory is missing.
    code = f"""
from pyspark.sql import SparkSession
builder = SparkSession.builder.master({MASTER!r}).config("spark.ui.enabled", "false")
# Spark reports every second that it waits, instead of every 15 seconds.
spark = builder.config("spark.starvation.timeout", "1s").getOrCreate()
print("count", spark.range(3).count())
"""
    env = os.environ | {"SPARK_EXECUTOR_MEMORY": "64g", "LAB_OUTPUT": str(tmp_path)}
    words = (
        "Initial job has not accepted any resources; check your cluster UI to ensure that workers "
        "are registered and have sufficient resources"
    )
    log = tmp_path / "spark.log"
    with subprocess.Popen(
        [sys.executable, "-c", code], env=env, text=True, stdout=subprocess.PIPE
    ) as job:
        deadline = time.monotonic() + 120
        while job.poll() is None and time.monotonic() < deadline:
            if log.exists() and log.read_text().count(words) == 10:
                break
            time.sleep(0.2)
        ended = job.poll() is not None
        job.kill()
        printed = job.stdout.read()
    assert ended == (not ON_CLUSTER)
    assert quoted(words) in log.read_text() if ON_CLUSTER else printed == "count 3\n"


def test_without_java_spark_s_gateway_exits_and_spark_log_says_why(tmp_path):
    code = (
        "from pyspark.sql import SparkSession; SparkSession.builder.master('local').getOrCreate()"
    )
    env = os.environ | {"JAVA_HOME": str(tmp_path), "LAB_OUTPUT": str(tmp_path / "output")}
    ran = subprocess.run([sys.executable, "-c", code], env=env, text=True, capture_output=True)
    words = "[JAVA_GATEWAY_EXITED] Java gateway process exited before sending its port number."
    assert quoted(words) in ran.stderr
    assert f"{tmp_path}/bin/java: No such file" in (tmp_path / "output/spark.log").read_text()


def test_spark_leaves_a_script_that_writes_to_one_file_its_log(tmp_path):
    code = "from pyspark.java_gateway import launch_gateway; launch_gateway(popen_kwargs=pipes)"
    code = f"pipes = dict.fromkeys(('stdout', 'stderr'), open({str(tmp_path / 'own.log')!r}, 'w')); {code}"
    env = os.environ | {"LAB_OUTPUT": str(tmp_path / "output")}
    subprocess.run([sys.executable, "-c", code], env=env, check=True)
    assert (tmp_path / "own.log").read_text()
    assert not (tmp_path / "output").exists()


def test_mlflow_warns_that_it_installs_no_packages(spark, models):
    messages = []
    handler = logging.Handler()
    handler.emit = lambda record: messages.append(record.getMessage())
    logger = logging.getLogger("mlflow.pyfunc")
    logger.addHandler(handler)
    try:
        mlflow.pyfunc.spark_udf(spark, models["int64"], env_manager="local", result_type="long")
    finally:
        logger.removeHandler(handler)
    assert quoted("does not recreate the same environment") in " ".join(messages)


def test_the_lab_switches_off_a_warning_of_pyspark(spark):
    words = quoted("PySpark does not yet fully support pandas >= 3.0.0")
    with pytest.warns(FutureWarning, match=words):
        spark.createDataFrame(ROWS).toPandas()
    assert "ignore:PySpark does not yet fully support pandas" in os.environ["PYTHONWARNINGS"]


def needs(**env):
    """Run what the lab runs before the lesson, which must end; return its exit status and its message."""
    ran = run_here(LESSON / ".lesson" / "needs.py", **env)
    assert ran.stdout == ""
    return ran.returncode, ran.stderr


def test_nothing_is_missing_here():
    assert needs() == (0, "")


def test_without_pyspark_the_lesson_is_left_out(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    status, message = needs()
    assert status == 77
    assert message.startswith("Lesson 07 is left out: " + quoted("pyspark is not installed here."))
    assert message.endswith("make lesson-07\n")


def test_without_java_17_the_lesson_is_left_out(tmp_path):
    status, message = needs(PATH=str(tmp_path), JAVA_HOME=None)
    assert status == 77
    assert quoted("Spark needs Java 17 or newer") + ", and finds none. Debian, Ubuntu: " in message
    status, message = needs(JAVA_HOME="/nowhere")
    assert status == 77
    assert "finds none in JAVA_HOME, which is /nowhere." in message
    (tmp_path / "java").write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019' >&2\n")
    (tmp_path / "java").chmod(0o755)
    status, message = needs(PATH=str(tmp_path), JAVA_HOME=None)
    assert status == 77
    assert f"Spark needs Java 17 or newer, {tmp_path / 'java'} is 11. " in message


def test_a_master_that_does_not_answer_is_an_error():
    status, message = needs(SPARK_MASTER_URL="spark://127.0.0.1:9")
    assert status == 1
    assert quoted("No Spark master answers at SPARK_MASTER_URL=") + "spark://127.0.0.1:9" in message
    assert quoted("docker compose --profile spark up --build --wait") in message


def test_no_worker_is_killed_on_another_cluster():
    ran = run_here(LESSON / "deeper" / "lost_worker.py", SPARK_MASTER_URL="spark://another:7077")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("Only the stack has a cluster")
