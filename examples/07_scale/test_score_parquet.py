"""What score_parquet.py writes, what it refuses and what it leaves behind, on a cluster and in one process.

Starting Spark takes longer than most tests. So each test runs the script in the cheapest way that shows its claim:

- score_here() runs it in this process. The script must end before it starts Spark, or the test uses the
  fixture `spark`, which lends the script a session that several tests share.
- score() runs it in a new process. If that process needs the cluster's cores, the test uses the fixture
  `free_cores`. These tests come first in this file, so the shared session starts only once.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest.mock import Mock
from uuid import uuid4

import mlflow
import numpy as np
import pandas as pd
import pyarrow.dataset as ds
import pytest
import sklearn
from mlflow import MlflowClient
from mlflow.models import infer_signature
from pyspark import SparkContext
from pyspark.sql import SparkSession
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from tests.inside.scripts import run_here

SCRIPT = Path(__file__).resolve().parent / "score_parquet.py"
MASTER = os.environ.get("SPARK_MASTER_URL", "local[*]")
CLUSTER = not MASTER.startswith("local")
X, y = load_iris(as_frame=True, return_X_y=True)
CLASSIFIER = LogisticRegression(max_iter=1000).fit(X, y)
NAMES = y.map(["setosa", "versicolor", "virginica"].__getitem__)
PIP = [f"scikit-learn=={sklearn.__version__}"]


@pytest.fixture(scope="module")
def models():
    """Log models of several kinds, and register one of them. Return their addresses, and delete them afterwards."""
    mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
    client, name = MlflowClient(), f"test-{uuid4().hex[:8]}"
    experiment = mlflow.set_experiment(name)
    signature = infer_signature(X, CLASSIFIER.predict(X))
    kinds = {
        "good": {"signature": signature},
        "unsigned": {},
        "odds": {"signature": signature, "pyfunc_predict_fn": "predict_proba"},
    }
    addresses = {}
    for kind, arguments in kinds.items():
        info = mlflow.sklearn.log_model(CLASSIFIER, name=kind, pip_requirements=PIP, **arguments)
        addresses[kind] = info.model_uri
    named = LogisticRegression(max_iter=1000).fit(X, NAMES)
    info = mlflow.sklearn.log_model(
        named, name="named", signature=infer_signature(X, NAMES), pip_requirements=PIP
    )
    addresses["named"] = info.model_uri
    slow = mlflow.pyfunc.log_model(
        name="slow", python_model=slow_model(), signature=signature, pip_requirements=PIP
    )
    addresses["slow"] = slow.model_uri
    mlflow.register_model(addresses["good"], name)
    client.set_registered_model_alias(name, "champion", "1")
    addresses["champion"] = f"models:/{name}@champion"
    yield addresses
    client.delete_registered_model(name)
    client.delete_experiment(experiment.experiment_id)


def slow_model():
    """Return a slow model, so that a test can interrupt it. Its class is local, so that it is pickled as a whole."""

    class Slow(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            time.sleep(2)
            return np.zeros(len(model_input), dtype="int64")

    return Slow()


@pytest.fixture(autouse=True)
def no_spark(monkeypatch):
    """Make score_here() fail if it starts Spark."""

    def launch_gateway(**_):
        raise AssertionError(
            "The script starts Spark, but this test does not use the fixture spark"
        )

    monkeypatch.setattr("pyspark.java_gateway.launch_gateway", launch_gateway)


@pytest.fixture
def spark(no_spark, last_session, monkeypatch, tmp_path_factory):
    """Start the shared session if it is not there, and make score_here() use it without ending it.

    On a cluster this session has all cores. A process that needs some must use `free_cores`.
    """
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.master(MASTER).appName("holds the cores")
    # The script asks Spark's pages for the workers. One partition is enough to sort ten rows.
    builder = builder.config("spark.ui.enabled", "true").config("spark.sql.shuffle.partitions", "1")
    # The lesson's claims say how often a task is tried. Each try would import MLflow in a new Python process.
    builder = builder.config("spark.task.maxFailures", "1")
    session = builder.config("spark.ui.showConsoleProgress", "false").getOrCreate()
    context, add_file = session.sparkContext, SparkContext.addFile

    def add_lasting_file(self, path):
        # Each worker fetches all files that were ever added, also the files of a script that has ended.
        add_file(self, shutil.copy(path, tmp_path_factory.mktemp("added")))

    monkeypatch.setattr("pyspark.java_gateway.launch_gateway", Mock())
    monkeypatch.setattr(
        SparkContext, "__init__", lambda self, **_: vars(self).update(vars(context))
    )
    monkeypatch.setattr(SparkContext, "stop", lambda self: None)
    monkeypatch.setattr(SparkContext, "addFile", add_lasting_file)
    return session


@pytest.fixture(scope="module")
def last_session():
    """End the shared session after the last test."""
    yield
    end_session()


@pytest.fixture
def free_cores():
    """End the shared session, so that another process gets the cluster's cores."""
    end_session()


def end_session():
    if session := SparkSession.getActiveSession():
        session.stop()


@pytest.fixture
def folder():
    """Lend a folder that the workers see, removed afterwards."""
    folder = Path(os.environ["LAB_OUTPUT"]).resolve() / f"test-{uuid4().hex[:8]}"
    folder.mkdir(parents=True)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def rows(folder):
    """Write iris, twice, as two files."""
    (folder / "rows").mkdir()
    for number in range(2):
        flowers = X.assign(id=range(150 * number, 150 * number + 150))
        flowers.to_parquet(folder / "rows" / f"{number}.parquet", index=False)
    return folder / "rows"


def score(*words, **env):
    """Run the script in a new process, as a scheduler does, and return how it ended."""
    command = [sys.executable, str(SCRIPT), *map(str, words)]
    env = {name: value for name, value in (os.environ | env).items() if value is not None}
    return subprocess.run(command, env=env, text=True, capture_output=True, timeout=150)


def score_here(*words, script=SCRIPT, **env):
    """Run the script in this process. It ends before it starts Spark, or it uses the session of the fixture `spark`."""
    return run_here(script, *words, **env)


def refused(done, status=1):
    """Assert that the script failed with one line, and return this line."""
    assert (done.returncode, done.stdout) == (status, ""), done.stdout + done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr.strip()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def scored(done, out, count=300):
    """Assert that the script succeeded, and that the result has every row with the right prediction."""
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    table = ds.dataset(out).to_table().to_pandas().sort_values("id")
    assert table["id"].tolist() == list(range(count))
    assert (table["prediction"].to_numpy() == CLASSIFIER.predict(table[X.columns])).all()
    assert f"\nwritten to {out}\n" in done.stdout


@pytest.fixture
def earlier(folder):
    """Write a folder that looks like the result of an earlier call."""
    (folder / "out").mkdir()
    (folder / "out" / "part-0.parquet").write_text("of yesterday")
    return folder / "out"


def assert_kept(earlier):
    assert names(earlier.parent) == ["out", "rows"] and names(earlier) == ["part-0.parquet"]
    assert (earlier / "part-0.parquet").read_text() == "of yesterday"


# These run the script in a new process.
def test_too_much_memory_is_reported_at_once_on_a_cluster_and_ignored_in_one_process(
    models, rows, folder
):
    done = score(models["good"], rows, folder / "out", SPARK_EXECUTOR_MEMORY="64g")
    if CLUSTER:
        message = refused(done)
        assert "An executor is to have 65536 MB, and the " in message
        assert re.search(r"\d workers have \d+ MB at the most. Set SPARK_EXECUTOR_MEMORY", message)
        assert names(folder) == ["rows"]
    else:
        scored(done, folder / "out")


def test_an_interrupted_job_leaves_nothing_behind(models, rows, earlier, free_cores):
    command = [sys.executable, str(SCRIPT), models["slow"], str(rows), str(earlier)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    # One core is enough. A second executor would take as long to start as the first one.
    arguments = os.environ.get("PYSPARK_SUBMIT_ARGS", "pyspark-shell")
    env = os.environ | {"PYSPARK_SUBMIT_ARGS": f"--conf spark.cores.max=1 {arguments}"}
    # In a session of its own, so that the test can find all its processes.
    with subprocess.Popen(command, env=env, text=True, start_new_session=True, **pipes) as job:
        began = time.monotonic()
        while not list(earlier.parent.glob("out.*.partial/result/_temporary")):
            assert job.poll() is None and time.monotonic() - began < 90
            time.sleep(0.1)
        os.kill(job.pid, signal.SIGINT)
        printed, complained = job.communicate(timeout=60)
    assert (printed, complained) == ("", f"Interrupted: nothing was written to {earlier}.\n")
    assert job.returncode not in (0, 77)
    assert_kept(earlier)
    if Path("/proc/self").exists():
        mine = [p for p in Path("/proc").glob("[0-9]*/stat") if session_of(p) == str(job.pid)]
        assert mine == []


def session_of(stat):
    """Return the session that a process belongs to, as /proc has it."""
    try:
        return stat.read_text().rpartition(")")[2].split()[3]
    except OSError:
        return None


def test_an_invalid_address_of_a_master_is_reported(models, rows, folder):
    began = time.monotonic()
    done = score(models["good"], rows, folder / "out", SPARK_MASTER_URL="nonsense")
    words = "Spark does not start with SPARK_MASTER_URL=nonsense: Could not parse"
    assert words in refused(done)
    assert time.monotonic() - began < 40
    assert names(folder) == ["rows"]


# These use the shared session. The page of the lesson shows that the script does the same in a new process.
def test_every_row_is_there_once_with_the_answer_of_pyfunc(models, rows, folder, spark):
    out = folder / "out"
    done = score_here(models["champion"], rows, out)
    scored(done, out)
    assert done.stdout.startswith(f"300 rows of {rows}\nscored by {models['champion']} on ")
    for species, count in zip(*np.unique(CLASSIFIER.predict(X), return_counts=True), strict=True):
        assert re.search(rf"^ +{2 * count}  {species}$", done.stdout, flags=re.MULTILINE)
    assert names(folder) == ["out", "rows"]


def test_a_failed_task_is_reported_in_one_line_and_the_earlier_result_stays(
    models, rows, earlier, spark
):
    # One file is one task. Nothing ends the shared session, so a second task could still write after the job's end.
    (rows / "1.parquet").unlink()
    words = "did not produce any values compatible with the requested type"
    assert words in refused(score_here(models["good"], rows, earlier, "--result-type", "int"))
    assert_kept(earlier)


def test_a_second_call_replaces_the_result(models, rows, folder, spark):
    out = folder / "out"
    scored(score_here(models["champion"], rows, out), out)
    first = names(out)
    shutil.copyfile(rows / "0.parquet", rows / "2.parquet")
    table = pd.read_parquet(rows / "2.parquet").assign(id=range(300, 450))
    table.to_parquet(rows / "2.parquet", index=False)
    scored(score_here(models["good"], rows, out), out, count=450)
    assert not set(first) & set(names(out)) - {"_SUCCESS", "._SUCCESS.crc"}
    assert names(folder) == ["out", "rows"]


@pytest.mark.parametrize(
    ("kind", "type_", "says"),
    [
        ("odds", "double", "--result-type double makes 0.98"),
        ("good", "lnog", "Not scored: [PARSE_SYNTAX_ERROR]"),
    ],
)
def test_a_type_that_cannot_hold_the_answers_is_refused_and_the_earlier_result_stays(
    models, rows, earlier, spark, kind, type_, says
):
    assert says in refused(score_here(models[kind], rows, earlier, "--result-type", type_))
    assert_kept(earlier)


def test_it_waits_half_a_minute_for_a_cluster_that_another_job_uses(models, rows, folder, spark):
    # Both workers have taken the shared session.
    spark.sparkContext.parallelize(range(2), 2).collect()
    done = score(models["good"], rows, folder / "out")
    if CLUSTER:
        assert "These jobs have the workers' cores: ['holds the cores']" in refused(done)
        assert names(folder) == ["rows"]
    else:
        scored(done, folder / "out")


@pytest.fixture
def own_folder():
    """Lend a folder that only the driver sees. The workers see `tmp_path`, because it is in TMPDIR."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder).resolve()


def test_a_folder_that_only_the_driver_sees_is_reported_and_stays_empty(
    models, rows, own_folder, spark
):
    done = score_here(models["good"], rows, own_folder / "out")
    if CLUSTER:
        assert f"The workers do not see {own_folder} of this machine" in refused(done)
        assert names(own_folder) == []
    else:
        scored(done, own_folder / "out")


def test_rows_that_only_the_driver_sees_are_reported(models, rows, folder, own_folder, spark):
    shutil.move(rows, own_folder / "rows")
    done = score_here(models["good"], own_folder / "rows", folder / "out")
    if CLUSTER:
        assert f"The workers do not see {own_folder / 'rows'} of this" in refused(done)
        assert names(folder) == []
    else:
        scored(done, folder / "out")


def test_missing_rows_are_reported_even_if_spark_reports_success(models, rows, own_folder, spark):
    blind = own_folder / "blind.py"
    looks = "if not path.exists()]"
    assert SCRIPT.read_text().count(looks) == 1
    blind.write_text(SCRIPT.read_text().replace(looks, "if not path]"))
    done = score_here(models["good"], rows, own_folder / "out", script=blind)
    if CLUSTER:
        message = refused(done)
        assert (
            f"Spark reports success, and 0 of 300 rows are in {own_folder}: the others" in message
        )
        assert names(own_folder) == ["blind.py"]
    else:
        scored(done, own_folder / "out")


@pytest.mark.parametrize("kind", ["named", "odds"])
def test_without_a_result_type_the_model_s_answers_choose_it(models, rows, folder, spark, kind):
    done = score_here(models[kind], rows, folder / "out")
    assert (done.returncode, done.stderr) == (0, "")
    table = ds.dataset(folder / "out").to_table().to_pandas()
    model = mlflow.pyfunc.load_model(models[kind])
    expected = np.asarray(model.predict(table[X.columns])).tolist()
    assert [
        getattr(row, "tolist", lambda row=row: row)() for row in table["prediction"]
    ] == expected


# These end before they start Spark.
def test_missing_columns_are_reported_before_spark_starts(models, rows, folder):
    for file in rows.iterdir():
        table = pd.read_parquet(file).rename(columns={"petal width (cm)": "petal width"})
        table.drop(columns="sepal length (cm)").to_parquet(file, index=False)
    began = time.monotonic()
    message = refused(score_here(models["good"], rows, folder / "out"))
    assert (
        "has no columns ['sepal length (cm)', 'petal width (cm)'], which the signature" in message
    )
    assert "'petal width'" in message.partition("It has ")[2]
    assert time.monotonic() - began < 15
    assert names(folder) == ["rows"]


def test_a_missing_model_is_reported(models, rows, folder):
    ghost = models["champion"].replace("champion", "ghost")
    message = refused(score_here(ghost, rows, folder / "out"))
    assert message.endswith("Registered model alias ghost not found.")
    assert f"MLFLOW_TRACKING_URI={os.environ['MLFLOW_TRACKING_URI']}" in message
    assert "cannot be loaded" in refused(
        score_here("models:/no-such-model/1", rows, folder / "out")
    )
    assert names(folder) == ["rows"]


def test_a_server_that_does_not_answer_is_reported(rows, folder, models):
    away = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    message = refused(score_here(models["champion"], rows, folder / "out", **away))
    assert "cannot be loaded, with MLFLOW_TRACKING_URI=http://127.0.0.1:9: " in message


def test_a_model_without_names_for_its_columns_is_refused(models, rows, folder):
    message = refused(score_here(models["unsigned"], rows, folder / "out"))
    assert message.endswith("no signature that names columns. Log it with one: infer_signature()")


def no_rows(rows):
    shutil.rmtree(rows)
    return "There is nothing at "


def no_parquet(rows):
    (rows / "0.parquet").write_text("id,species\n")
    return "is no Parquet: "


def empty(rows):
    for file in rows.iterdir():
        pd.read_parquet(file).head(0).to_parquet(file, index=False)
    return "There is no row in "


def text_for_numbers(rows):
    for file in rows.iterdir():
        pd.read_parquet(file).astype(str).to_parquet(file, index=False)
    return "does not answer to the first 300 rows of "


def a_prediction(rows):
    for file in rows.iterdir():
        pd.read_parquet(file).assign(prediction=0).to_parquet(file, index=False)
    return "has a column prediction already. Rename it"


@pytest.mark.parametrize("spoil", [no_rows, no_parquet, empty, text_for_numbers, a_prediction])
def test_unusable_rows_are_reported(models, rows, folder, spoil):
    says = spoil(rows)
    before = names(folder)
    assert says in refused(score_here(models["good"], rows, folder / "out"))
    assert names(folder) == before


def test_only_an_earlier_result_is_replaced(models, rows, folder):
    (folder / "thesis").mkdir()
    (folder / "thesis" / "chapter.txt").write_text("once upon a time")
    message = refused(score_here(models["good"], rows, folder / "thesis"))
    assert message.endswith("is no result of an earlier call: chapter.txt. Name another OUT.")
    assert "Name another OUT" in refused(score_here(models["good"], rows, rows / "out"))
    assert "Name another OUT" in refused(score_here(models["good"], rows, folder))
    message = refused(score_here(models["good"], rows, folder / "no" / "out"))
    assert "Nothing can be written beside " in message
    assert names(folder) == ["rows", "thesis"]


def test_a_missing_cluster_is_reported_without_waiting(models, rows, folder):
    began, master = time.monotonic(), "spark://127.0.0.1:9"
    message = refused(score_here(models["good"], rows, folder / "out", SPARK_MASTER_URL=master))
    assert "No Spark master answers at SPARK_MASTER_URL=spark://127.0.0.1:9" in message
    assert time.monotonic() - began < 40
    assert names(folder) == ["rows"]


def test_without_pyspark_it_names_the_command_that_installs_it(monkeypatch):
    # Python's own way to forbid an import.
    monkeypatch.setitem(sys.modules, "pyspark", None)
    message = refused(score_here(), status=77)
    assert message.startswith("pyspark is not installed here.")
    assert message.endswith("make lesson-07")


def test_without_java_17_it_says_what_to_install(tmp_path):
    message = refused(score_here(PATH=str(tmp_path), JAVA_HOME=None), status=77)
    assert "and finds none. Debian, Ubuntu: apt install openjdk-21-jre-headless. macOS: " in message
    message = refused(score_here(JAVA_HOME="/nowhere"), status=77)
    assert "finds none in JAVA_HOME, which is /nowhere." in message
    (tmp_path / "java").write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019' >&2\n")
    (tmp_path / "java").chmod(0o755)
    message = refused(score_here(PATH=str(tmp_path), JAVA_HOME=None), status=77)
    assert f"Spark needs Java 17 or newer, {tmp_path / 'java'} is 11. " in message
