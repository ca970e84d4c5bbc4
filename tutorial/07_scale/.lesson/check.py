"""Read what the learner's job has written, and ask the model by its URI about the same rows. No Spark."""

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
output = Path(os.environ.get("LAB_OUTPUT", "output")).resolve() / "07_scale_exercise"

# %% The latest attempt
champion = latest_champion(start_check(), "iris_batch", run_it)

# %% The result of its job
result = output / "scores.parquet"
success = result / "_SUCCESS"
if not success.exists():
    sys.exit(
        f"There is no finished result in {result}. Run your exercise first: {run_it}\n"
        "Did it end with an error? Fix that. Spark's own messages are in spark.log beside it."
    )
if 1000 * success.stat().st_mtime < champion.version.creation_timestamp:
    sys.exit(
        f"{result} is older than {champion}: the latest run did not get to its end.\n"
        f"Correct what it said, and run it again: {run_it}"
    )
try:
    rows = pq.read_table(output / "rows.parquet").to_pandas().set_index("id")
    scores = pq.read_table(result)
except (OSError, KeyError, pa.ArrowInvalid) as error:
    sys.exit(
        f"The Parquet in {output} cannot be read: {shorten(str(error), 300)}\n"
        f"Make it again: {run_it}"
    )

# %% Whose row is it, and are all of them there?
for name in ("id", "probabilities"):
    if name not in scores.column_names:
        sys.exit(
            f"scores.parquet has no column {name}: {scores.column_names}. "
            f"Expected the columns id and probabilities.\nSelect it, and run it again: {run_it}"
        )
ids = scores["id"].to_pandas()
repeated = int(ids.duplicated().sum())
if repeated:
    sys.exit(
        f"scores.parquet has {repeated} ids more than once, expected each once: "
        f"{ids[ids.duplicated()].iloc[0]}, for one.\nWrite each row once, and run it again: {run_it}"
    )
absent = rows.index.difference(ids)
if len(absent) or len(ids) != len(rows):
    sys.exit(
        f"scores.parquet has {len(ids)} rows, and {len(absent)} of the {len(rows)} ids in "
        f"rows.parquet are not among them.\nScore all rows, and run it again: {run_it}"
    )

# %% Can the column hold what the model answers?
column_type = scores["probabilities"].type
if not (pa.types.is_list(column_type) or pa.types.is_fixed_size_list(column_type)):
    sys.exit(
        f"The column probabilities is one number for each row, expected a list of three; its type is "
        f"{column_type}.\nAsk spark_udf for a type that holds all that the model answers: {run_it}"
    )
if column_type.value_type != pa.float64():
    sys.exit(
        f"The column probabilities has lists of {column_type.value_type}, expected double.\n"
        f"Ask spark_udf for a type that holds what the model answers: {run_it}"
    )
lengths = set(scores["probabilities"].combine_chunks().value_lengths().to_pylist())
if lengths != {3}:
    sys.exit(
        f"The lists in the column probabilities have {sorted(lengths, key=str)} numbers, expected 3.\n"
        f"Write what the model answers, and run it again: {run_it}"
    )
answered = np.array(scores["probabilities"].to_pylist(), dtype=float)

# %% What the model answers when it is asked directly
scratch = tempfile.TemporaryDirectory()
folder = download(champion, scratch.name, run_it)
try:
    model = mlflow.pyfunc.load_model(folder)
    asked = rows.loc[ids, COLUMNS]
    expected = np.asarray(model.predict(asked))
except (Exception, SystemExit) as error:
    sys.exit(
        f"{champion} does not answer to rows.parquet: {error_with_type(error)}\n"
        f"Leave the model and the rows as they were: git diff tutorial/07_scale/exercise.py"
    )
if expected.shape != answered.shape or not np.allclose(expected.sum(axis=1), 1):
    sys.exit(
        f"{champion} answers {shorten(str(expected[0]), 100)} to a row, expected three probabilities.\n"
        "Leave the model as it was: git diff tutorial/07_scale/exercise.py"
    )

# %% Are they the same?
equal = np.isclose(answered, expected, rtol=0, atol=1e-12).all(axis=1)
if not equal.all():
    different = f"{(~equal).sum()} of {len(rows)} rows differ from what {champion} answers"
    # As somebody may have sent them: the right values under the wrong names.
    sample = asked.iloc[:200]
    for order in itertools.permutations(COLUMNS):
        swapped = sample[list(order)].set_axis(COLUMNS, axis=1)
        if np.allclose(model.predict(swapped), answered[:200], rtol=0, atol=1e-12):
            sys.exit(
                f"{different}: they are as if the columns were {list(order)}.\n"
                f"Let the names decide, or give them in the order of the signature: {run_it}"
            )
    nearest = np.sort(answered.round(9), axis=0), np.sort(expected.round(9), axis=0)
    if np.allclose(*nearest):
        sys.exit(
            f"{different}: its answers are there, but under the ids of other rows.\n"
            f"Take the id along from the row itself, and run it again: {run_it}"
        )
    sys.exit(
        f"{different}: id {ids[~equal].iloc[0]} has {answered[~equal][0].round(6).tolist()}, "
        f"expected {expected[~equal][0].round(6).tolist()}.\n"
        f"Score rows.parquet by {champion.uri}, and run it again: {run_it}"
    )

# %% Passed
print(f"ok  {champion} is your latest, and answers three probabilities")
print(f"ok  scores.parquet has each of the {len(rows)} ids once")
print("ok  and to each the three doubles that pyfunc answers to its row")
