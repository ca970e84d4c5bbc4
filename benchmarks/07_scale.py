"""Measure rows per second and memory: mlflow.pyfunc.spark_udf beside one plain pyfunc process.

    python benchmarks/07_scale.py

Prints a Markdown table. Run it where lesson 07 runs, as make bench does. It makes rows of its own
in LAB_OUTPUT, and a model in a folder beside them, and removes both at the end.
"""

import datetime
import json
import os
import platform
import re
import resource
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import sklearn
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

SIZES, ROUNDS = (100_000, 1_000_000, 10_000_000), 3
MASTER = os.environ.get("SPARK_MASTER_URL", "local[*]")
MEASURES, SPECIES = load_iris(as_frame=True, return_X_y=True)
COLUMNS = list(MEASURES.columns)
# How many rows a file has.
PART = 50_000


def make_rows(folder: Path, size: int) -> None:
    """Write rows as files of equal size, each column random in the range that iris has."""
    folder.mkdir()
    random = np.random.default_rng(7)
    low, high = MEASURES.min(), MEASURES.max()
    for start in range(0, size, PART):
        columns = {"id": np.arange(start, start + PART)} | {
            name: random.uniform(low[name], high[name], PART) for name in COLUMNS
        }
        pq.write_table(pa.table(columns), folder / f"part-{start // PART:05}.parquet")


def own_peak() -> int:
    """Return the most memory that this process ever had, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def peaks_below(mark: str) -> dict[str, int]:
    """Return the peak memory of the process with this mark in its command, or number, and of its descendants.

    It runs on a worker: with Linux's /proc, and nothing of this file.
    """
    import socket
    from pathlib import Path

    parents, peaks, matching_pids = {}, {}, set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            status = dict(
                line.split(":", 1) for line in (process / "status").read_text().splitlines()
            )
            command = (process / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        parents[process.name] = status["PPid"].strip()
        peaks[process.name] = 1024 * int(status.get("VmHWM", "0 kB").split()[0])
        if process.name == mark or (
            command.partition("\0")[0].endswith("java") and mark in command
        ):
            matching_pids.add(process.name)
    children = matching_pids
    while children:
        children = {pid for pid, parent in parents.items() if parent in children} - matching_pids
        matching_pids |= children
    return {f"{socket.gethostname()} {pid}": peaks[pid] for pid in matching_pids}


def plain(model: str, rows: str, out: str) -> dict[str, Any]:
    """Score in this process, batch by batch."""
    loaded = mlflow.pyfunc.load_model(model)
    # The first call loads what later ones have; Spark's Python processes have scored before, too.
    loaded.predict(MEASURES)
    schema = pa.schema({"id": pa.int64(), "species": pa.int64()})
    began = time.perf_counter()
    with pq.ParquetWriter(out, schema) as writer:
        for file in sorted(Path(rows).glob("*.parquet")):
            for batch in pq.ParquetFile(file).iter_batches():
                answers = loaded.predict(batch.select(COLUMNS).to_pandas())
                writer.write_batch(pa.record_batch([batch["id"], answers], schema=schema))
    return {"seconds": time.perf_counter() - began, "memory": own_peak()}


def spark(model: str, folder: str) -> dict[str, Any]:
    """Score every size on Spark, in one session that has scored before."""
    import pyspark
    from pyspark.java_gateway import launch_gateway
    from pyspark.sql import SparkSession

    began = time.perf_counter()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    conf = pyspark.SparkConf().setMaster(MASTER).setAppName("bench_07_scale")
    conf.set("spark.ui.showConsoleProgress", "false")
    with Path(folder, "spark.log").open("w") as log:
        gateway = launch_gateway(popen_kwargs={"stdout": log, "stderr": log})
    sc = pyspark.SparkContext(conf=conf, gateway=gateway)
    session = SparkSession(sc)
    sc.parallelize(range(8), 8).map(lambda number: number).collect()
    started = time.perf_counter() - began
    species_of = mlflow.pyfunc.spark_udf(session, model, env_manager="local", result_type="long")
    mark = str(gateway.proc.pid) if MASTER.startswith("local") else sc.applicationId
    measurements: dict[str, Any] = {"session": started}
    for number, size in enumerate((SIZES[0], *SIZES)):
        began = time.perf_counter()
        table = session.read.parquet(f"{folder}/{size}").select("id", species_of().alias("species"))
        table.write.parquet(f"{folder}/scored-{number}")
        seconds = time.perf_counter() - began
        at_workers = sc.parallelize(range(8), 8).map(lambda _: peaks_below(mark)).collect()
        peaks = peaks_below(str(gateway.proc.pid))
        for worker_peaks in at_workers:
            peaks |= worker_peaks
        # The first is for warming up; each overwrites what was there.
        measurements[str(size)] = {"seconds": seconds, "memory": own_peak() + sum(peaks.values())}
        shutil.rmtree(f"{folder}/scored-{number}")
    session.stop()
    return measurements


def child(*arguments: object) -> dict[str, Any]:
    """Run one measurement of this script in a process of its own, so that its memory counts alone."""
    command = [sys.executable, __file__, *map(str, arguments)]
    done = subprocess.run(command, text=True, capture_output=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def table(plainly: dict[int, list[dict]], on_spark: list[dict]) -> str:
    """Return what was measured as Markdown: medians of the speeds, the highest peaks."""
    lines = [
        "| rows | Spark, rows/s | one plain process, rows/s | plain to Spark "
        "| memory of Spark | of the plain process |",
        "|---:|---:|---:|---:|---:|---:|",
    ]
    for size in SIZES:
        spark_seconds = statistics.median(
            measurement[str(size)]["seconds"] for measurement in on_spark
        )
        plain_seconds = statistics.median(measurement["seconds"] for measurement in plainly[size])
        memory = [
            f"{max(peaks) / 2**20:,.0f} MiB"
            for peaks in (
                [measurement[str(size)]["memory"] for measurement in on_spark],
                [measurement["memory"] for measurement in plainly[size]],
            )
        ]
        lines.append(
            f"| {size:,} | {size / spark_seconds:,.0f} | {size / plain_seconds:,.0f} "
            f"| {spark_seconds / plain_seconds:.1f} | {memory[0]} | {memory[1]} |"
        )
    session = statistics.median(measurement["session"] for measurement in on_spark)
    return "\n".join(
        [*lines, "", f"Starting Spark's session took {session:.1f} s, which is in no row."]
    )


def main() -> None:
    """Measure and print."""
    try:
        import pyspark
    except ModuleNotFoundError:
        print("pyspark is not installed here: make lesson-07, then again.", file=sys.stderr)
        sys.exit(77)
    for host, port in re.findall(r"([^/,]+):(\d+)", MASTER):
        try:
            socket.create_connection((host, int(port)), timeout=5).close()
        except OSError as error:
            sys.exit(f"No Spark master answers at SPARK_MASTER_URL={MASTER}: {error}")
    output = Path(os.environ.get("LAB_OUTPUT", "output")).resolve()
    output.mkdir(parents=True, exist_ok=True)
    folder = output / f"bench_07_scale_{secrets.token_hex(4)}"
    folder.mkdir()
    try:
        print("A model, and the rows …", file=sys.stderr, flush=True)
        warnings.filterwarnings("ignore", r"Hint: Inferred schema contains integer", UserWarning)
        pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(MEASURES, SPECIES)
        model = folder / "model"
        mlflow.sklearn.save_model(
            pipeline,
            str(model),
            signature=infer_signature(MEASURES, pipeline.predict(MEASURES)),
            pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
        )
        for size in SIZES:
            make_rows(folder / str(size), size)
        plainly: dict[int, list[dict]] = {size: [] for size in SIZES}
        on_spark = []
        for number in range(ROUNDS):
            print(f"Round {number + 1} of {ROUNDS} …", file=sys.stderr, flush=True)
            on_spark.append(child("--spark", model, folder))
            for size in SIZES:
                with tempfile.TemporaryDirectory(dir=folder) as scored:
                    result = Path(scored) / "scored.parquet"
                    plainly[size].append(child("--plain", model, folder / str(size), result))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(
        f"{os.cpu_count()} cores, {datetime.date.today()}, Python {platform.python_version()}, "
        f"MLflow {mlflow.__version__}, Spark {pyspark.__version__}, {MASTER}, "
        f"mode {os.environ.get('LAB_MODE', 'unknown')}\n"
    )
    print(table(plainly, on_spark))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--plain"]:
        print(json.dumps(plain(*sys.argv[2:])))
    elif sys.argv[1:2] == ["--spark"]:
        print(json.dumps(spark(*sys.argv[2:])))
    else:
        main()
