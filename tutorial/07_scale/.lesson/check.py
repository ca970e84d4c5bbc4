"""Read what the learner's job has written, and ask the model by its URI about the same rows. No Spark."""

# %% What it takes
import itertools
import logging
import os
import sys
import tempfile
import warnings
from pathlib import Path
from textwrap import shorten

import mlflow
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
client = MlflowClient()
# Answers are judged here, warnings are not.
warnings.simplefilter("ignore")
logging.getLogger("mlflow").setLevel(logging.ERROR)
run_it = "python tutorial/07_scale/exercise.py"
output = Path(os.environ.get("LAB_OUTPUT", "output")).resolve() / "07_scale_exercise"

# %% The latest attempt: the highest version
found = client.search_registered_models("name = 'iris_batch'")
versions = found[0].latest_versions if found else []
if not versions:
    sys.exit(f"There is no version of iris_batch. Run your exercise first: {run_it}")
version = max(versions, key=lambda version: int(version.version))
this = f"models:/iris_batch@champion (version {version.version})"
champion = found[0].aliases.get("champion")
if champion != version.version:
    sys.exit(
        f"The alias champion is on {f'version {champion}' if champion else 'no version'}, expected "
        f"on version {version.version}, the latest of iris_batch.\n"
        f"Let your script set it on the version that it has just registered: {run_it}"
    )

# %% What its job has left
written = output / "scores.parquet"
done = written / "_SUCCESS"
if not done.exists():
    sys.exit(
        f"There is no finished result in {written}. Run your exercise first: {run_it}\n"
        "Did it end with an error? Mend that. Spark's own words are in spark.log beside it."
    )
if 1000 * done.stat().st_mtime < version.creation_timestamp:
    sys.exit(
        f"{written} is older than {this}: the latest run did not get to its end.\n"
        f"Correct what it said, and run it again: {run_it}"
    )
try:
    rows = pq.read_table(output / "rows.parquet").to_pandas().set_index("id")
    scores = pq.read_table(written)
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
kind = scores["probabilities"].type
if not (pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind)):
    sys.exit(
        f"The column probabilities is one number for each row, expected a list of three; its type is "
        f"{kind}.\nAsk spark_udf for a type that holds all that the model answers: {run_it}"
    )
if kind.value_type != pa.float64():
    sys.exit(
        f"The column probabilities has lists of {kind.value_type}, expected double.\n"
        f"Ask spark_udf for a type that holds what the model answers: {run_it}"
    )
lengths = set(scores["probabilities"].combine_chunks().value_lengths().to_pylist())
if lengths != {3}:
    sys.exit(
        f"The lists in the column probabilities have {sorted(lengths, key=str)} numbers, expected 3.\n"
        f"Write what the model answers, and run it again: {run_it}"
    )
answered = np.array(scores["probabilities"].to_pylist(), dtype=float)

# %% What the model says, asked directly
scratch = tempfile.TemporaryDirectory()
try:
    folder = mlflow.artifacts.download_artifacts(
        "models:/iris_batch@champion", dst_path=scratch.name
    )
except MlflowException as error:
    # The server says that there is no such thing. Anything else is not the learner's to mend.
    if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
        raise
    sys.exit(f"{this} was there a moment ago and is gone: {error}\nMake it again: {run_it}")
names = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]
try:
    model = mlflow.pyfunc.load_model(folder)
    asked = rows.loc[ids, names]
    expected = np.asarray(model.predict(asked))
except (Exception, SystemExit) as error:
    said = shorten(str(error), 300)
    sys.exit(
        f"{this} does not answer to rows.parquet: {type(error).__name__}: {said}\n"
        f"Leave the model and the rows as they were: git diff tutorial/07_scale/exercise.py"
    )
if expected.shape != answered.shape or not np.allclose(expected.sum(axis=1), 1):
    sys.exit(
        f"{this} answers {shorten(str(expected[0]), 100)} to a row, expected three probabilities.\n"
        "Leave the model as it was: git diff tutorial/07_scale/exercise.py"
    )

# %% Are they the same?
equal = np.isclose(answered, expected, rtol=0, atol=1e-12).all(axis=1)
if not equal.all():
    different = f"{(~equal).sum()} of {len(rows)} rows differ from what {this} answers"
    # As somebody may have sent them: the right values under the wrong names.
    some = asked.iloc[:200]
    for order in itertools.permutations(names):
        swapped = some[list(order)].set_axis(names, axis=1)
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
        f"Score rows.parquet by {this.partition(' ')[0]}, and run it again: {run_it}"
    )

# %% What was proven
print(f"ok  {this} is your latest, and answers three probabilities")
print(f"ok  scores.parquet has each of the {len(rows)} ids once")
print("ok  and to each the three doubles that pyfunc answers to its row")
