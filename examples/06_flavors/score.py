# %% [markdown]
"""
Score the same rows with every model that lesson 06 registered, not knowing which framework made it.

What to look at: one loader and one call for all of them. The rows are a DataFrame of float32, which
columns of doubles and tensors of float32 both take. A model whose framework is not here is left out.

    score.py [--rows FILE] [URI ...]

FILE is a CSV file with the four columns, or an array as numpy.save writes it, which is sent as it is.
"""

# %% Imports
import argparse
import contextlib
import io
import logging
import os
import sys
import warnings
from pathlib import Path
from textwrap import shorten

import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sklearn.datasets import load_iris

parser = argparse.ArgumentParser(description="Score rows with models of whatever framework.")
parser.add_argument(
    "--rows", type=Path, metavar="FILE", help="a .csv or a .npy file; iris otherwise"
)
parser.add_argument("uris", nargs="*", metavar="URI", help="models; all of lesson 06 otherwise")
arguments = parser.parse_args()

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
client = MlflowClient()
logging.getLogger("mlflow").setLevel(logging.ERROR)
# pandas lends its rows, and PyTorch would rather own them; nobody writes to them here.
warnings.filterwarnings("ignore", "The given NumPy array is not writable", UserWarning)
SPECIES = np.array(["setosa", "versicolor", "virginica"])

# %% The rows
try:
    if arguments.rows is None:
        # Two flowers of each species.
        rows = load_iris(as_frame=True).data.iloc[[0, 1, 60, 70, 110, 149]].astype("float32")
    elif arguments.rows.suffix.lower() == ".npy":
        rows = np.load(arguments.rows)
        if not isinstance(rows, np.ndarray):
            raise ValueError("it holds several arrays")
    else:
        rows = pd.read_csv(arguments.rows)
        rows = rows.astype(dict.fromkeys(rows.select_dtypes("number"), "float32"))
except (OSError, ValueError) as error:
    sys.exit(f"{arguments.rows} cannot be read: {error}\nGive a CSV file or a .npy file.")
if not len(rows) or pd.isna(np.asarray(rows)).any():
    # Models treat gaps differently, and some give no error.
    sys.exit(f"{arguments.rows} has {'gaps' if len(rows) else 'no rows'}. Give rows without any.")

# %% The models, by URI
uris = arguments.uris or [
    f"models:/{model.name}@champion"
    for model in client.search_registered_models("tags.lesson = '06_flavors'")
]
if not uris:
    sys.exit("No model of lesson 06 is registered. Run python tutorial/06_flavors/run.py first.")

# %% One loader and one call for all
predictions_by_model = {}
for uri in uris:
    try:
        model = mlflow.pyfunc.load_model(uri, suppress_warnings=True)
        # A tensor has no column names, so the model's metadata has the order that it was trained on.
        order = (model.metadata.metadata or {}).get("columns", [])
        payload = rows
        if order and isinstance(rows, pd.DataFrame):
            if missing := [name for name in order if name not in rows.columns]:
                sys.exit(
                    f"{uri} refuses these rows: they have no columns {missing}, only {[*rows]}"
                )
            payload = rows[order]
        # Keras draws a progress bar.
        with contextlib.redirect_stdout(io.StringIO()):
            predictions = np.asarray(model.predict(payload))
    except ModuleNotFoundError as error:
        requirements = Path(mlflow.pyfunc.get_model_dependencies(uri)).read_text().split()
        message = (
            f"{uri} needs {', '.join(requirements)}, and {error.name} is not here. "
            "On your own machine: make lesson-06 brings it, or says what does."
        )
        if arguments.uris:
            sys.exit(message)
        print(f"left out: {message}")
        continue
    except MlflowException as error:
        if "Failed to enforce schema" not in error.message:
            sys.exit(f"{uri} cannot be asked: {error.message}")
        input_schema = mlflow.models.get_model_info(uri).signature.inputs
        array = "a .npy file of float32, as rows.astype('float32') makes it, or "
        sys.exit(
            f"{uri} refuses these rows: {error.message.rpartition('Error: ')[2]}\n"
            f"Its signature: {input_schema}\n"
            f"Send {array if input_schema.is_tensor_spec() else ''}a CSV file with the names in its first line."
        )
    except Exception as error:
        # A model runs its author's code, which may fail in any way.
        sys.exit(f"{uri} cannot be asked: {type(error).__name__}: {shorten(str(error), 300)}")
    # A row of scores, of which the highest counts; or numbers of classes; or their names.
    if predictions.ndim == 2:
        predictions = predictions.argmax(axis=1)
    if predictions.dtype.kind in "iuf":
        if not set(predictions) <= {0, 1, 2}:
            sys.exit(
                f"{uri} answers {shorten(str(predictions), 60)}, which are no classes of iris."
            )
        predictions = SPECIES[predictions.astype(int)]
    predictions_by_model[uri] = predictions

# %% What they say
if not predictions_by_model:
    sys.exit("None of these models could be asked.")
print(pd.DataFrame(predictions_by_model).T.to_string(header=[f"row {n}" for n in range(len(rows))]))
if len(predictions_by_model) > 1:
    agreements = (pd.DataFrame(predictions_by_model).nunique(axis=1) == 1).sum()
    print(f"{len(predictions_by_model)} models agree on {agreements} of {len(rows)} rows")
