"""Compare the result of the learner's job with what the model answers without Spark."""

# %% Imports
import itertools
import os
import sys
import tempfile
from pathlib import Path
from textwrap import shorten

import mlflow
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lab.checks.flowers import COLUMNS
from lab.checks.model import error_with_type
from lab.checks.registry import download, latest_champion, start_check

run_it = "python tutorial/07_scale/exercise.py"
lab_output = Path(os.environ.get("LAB_OUTPUT", "output")).resolve()
output = lab_output / "07_scale_exercise"

# %% The latest attempt
champion = latest_champion(start_check(), "iris_batch", run_it)

# %% The result of its job
result = output / "scores.parquet"
success = result / "_SUCCESS"
if not success.exists():
    sys.exit(
        f"There is no finished result in {result}. Run your exercise first: {run_it}\n"
        f"If it ends with an error, fix that first. Spark's own messages are in {lab_output / 'spark.log'}."
    )
if 1000 * success.stat().st_mtime < champion.version.creation_timestamp:
    sys.exit(
        f"{result} is older than {champion}, so your latest run stopped before it wrote a result.\n"
        f"Fix the error that it printed, and run it again: {run_it}"
    )
try:
    rows = pq.read_table(output / "rows.parquet").to_pandas().set_index("id")
    scores = pq.read_table(result)
except (OSError, KeyError, pa.ArrowInvalid) as error:
    sys.exit(
        f"The check cannot read the Parquet files in {output}: {shorten(str(error), 300)}\n"
        f"Write them again: {run_it}"
    )

# %% The ids: each must be there once
for name in ("id", "probabilities"):
    if name not in scores.column_names:
        sys.exit(
            f"scores.parquet has no column {name}. Its columns: {', '.join(scores.column_names)}. "
            f"Expected id and probabilities.\nSelect both columns, and run it again: {run_it}"
        )
ids = scores["id"].to_pandas()
repeated = int(ids.duplicated().sum())
if repeated:
    sys.exit(
        f"scores.parquet has {repeated} ids more than once, for example {ids[ids.duplicated()].iloc[0]}. "
        f"Expected each id once.\nWrite each row once, and run it again: {run_it}"
    )
absent = rows.index.difference(ids)
if len(absent) or len(ids) != len(rows):
    sys.exit(
        f"scores.parquet has {len(ids)} rows. {len(absent)} of the {len(rows)} ids in rows.parquet "
        f"are missing.\nScore all rows, and run it again: {run_it}"
    )

# %% The type of the column: a list of three doubles
column_type = scores["probabilities"].type
if not (pa.types.is_list(column_type) or pa.types.is_fixed_size_list(column_type)):
    sys.exit(
        f"The column probabilities has the type {column_type}: one number for each row, expected a "
        f"list of three.\nGive spark_udf a result_type with room for all three, and run it again: {run_it}"
    )
if column_type.value_type != pa.float64():
    sys.exit(
        f"The column probabilities has lists of {column_type.value_type}, expected double.\n"
        f"Give spark_udf a result_type that keeps all digits, and run it again: {run_it}"
    )
lengths = set(scores["probabilities"].combine_chunks().value_lengths().to_pylist())
if lengths != {3}:
    sys.exit(
        "The lists in the column probabilities have these lengths: "
        f"{', '.join(sorted(map(str, lengths)))}. Expected 3 for each row.\n"
        f"Write all that the model answers, and run it again: {run_it}"
    )
answered = np.array(scores["probabilities"].to_pylist(), dtype=float)

# %% What the model answers without Spark
scratch = tempfile.TemporaryDirectory()
folder = download(champion, scratch.name, run_it)
try:
    model = mlflow.pyfunc.load_model(folder)
    asked = rows.loc[ids, COLUMNS]
    expected = np.asarray(model.predict(asked))
except (Exception, SystemExit) as error:
    sys.exit(
        f"{champion} does not accept the rows in rows.parquet: {error_with_type(error)}\n"
        "Leave the model and the rows as they were. To see your changes: git diff tutorial/07_scale/exercise.py"
    )
if expected.shape != answered.shape or not np.allclose(expected.sum(axis=1), 1):
    sys.exit(
        f"{champion} answers {shorten(str(expected[0]), 100)} for a row, expected three probabilities.\n"
        "Leave the model as it was. To see your changes: git diff tutorial/07_scale/exercise.py"
    )

# %% The two must be the same
equal = np.isclose(answered, expected, rtol=0, atol=1e-12).all(axis=1)
if not equal.all():
    different = f"{(~equal).sum()} of {len(rows)} rows differ from what {champion} answers"
    # The right values, passed for the wrong columns.
    sample = asked.iloc[:200]
    for order in itertools.permutations(COLUMNS):
        swapped = sample[list(order)].set_axis(COLUMNS, axis=1)
        if np.allclose(model.predict(swapped), answered[:200], rtol=0, atol=1e-12):
            sys.exit(
                f"{different}. You passed the columns in another order: {', '.join(order)}.\n"
                f"Let their names decide, or use the order of the signature, and run it again: {run_it}"
            )
    nearest = np.sort(answered.round(9), axis=0), np.sort(expected.round(9), axis=0)
    if np.allclose(*nearest):
        sys.exit(
            f"{different}. The model's answers are there, but with the ids of other rows.\n"
            f"Take each row's own id along, and run it again: {run_it}"
        )
    sys.exit(
        f"{different}. The row with the id {ids[~equal].iloc[0]} has "
        f"{answered[~equal][0].round(6).tolist()}, expected {expected[~equal][0].round(6).tolist()}.\n"
        f"Score rows.parquet with {champion.uri}, and run it again: {run_it}"
    )

# %% Passed
print(f"ok  {champion} is your latest version, and it answers with three probabilities")
print(f"ok  scores.parquet has each of the {len(rows)} ids once")
print("ok  each row has the three probabilities that the model gives without Spark")
