# %% [markdown]
"""
Score the same rows with models of any framework.

What to look at: one loader and one call work for all models. Without a URI, the script takes the models that
the four log_*.py scripts registered, and leaves out a model whose framework is not installed.

    score.py [--rows FILE] [URI ...]

FILE is a CSV file with the four columns, or an array that numpy.save wrote. The script sends an array as it is.
Without FILE, it sends six flowers as a DataFrame of float32, because columns of float64 and tensors of float32
both accept float32.
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

parser = argparse.ArgumentParser(description="Score the same rows with models of any framework.")
parser.add_argument(
    "--rows", type=Path, metavar="FILE", help="a .csv or .npy file; default: six flowers"
)
parser.add_argument(
    "uris", nargs="*", metavar="URI", help="addresses of models; default: those of log_*.py"
)
arguments = parser.parse_args()

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
client = MlflowClient()
logging.getLogger("mlflow").setLevel(logging.ERROR)
# PyTorch warns that somebody could write to the rows of a DataFrame. Nobody does that here.
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
            raise ValueError("it contains several arrays")
    else:
        rows = pd.read_csv(arguments.rows)
        rows = rows.astype(dict.fromkeys(rows.select_dtypes("number"), "float32"))
except (OSError, ValueError) as error:
    sys.exit(f"Cannot read {arguments.rows}: {error}\nGive a CSV file or a .npy file.")
if not len(rows) or pd.isna(np.asarray(rows)).any():
    # Models treat missing values differently, and some give no error.
    problem = "missing values" if len(rows) else "no rows"
    sys.exit(f"{arguments.rows} has {problem}. Give a file of complete rows.")

# %% The addresses of the models
uris = arguments.uris or [
    f"models:/{model.name}@champion"
    for model in client.search_registered_models("tags.lesson = '06_flavors'")
]
if not uris:
    sys.exit(
        "No registered model has the tag lesson of lesson 06. Log two models, and run this script again:\n"
        "  python examples/06_flavors/log_sklearn.py\n  python examples/06_flavors/log_xgboost.py"
    )

# %% One loader and one call for all
predictions_by_model = {}
for uri in uris:
    try:
        model = mlflow.pyfunc.load_model(uri, suppress_warnings=True)
        # A tensor has no column names, so the order of the columns is in the model's metadata.
        order = (model.metadata.metadata or {}).get("columns", [])
        payload = rows
        if order and isinstance(rows, pd.DataFrame):
            if missing := [name for name in order if name not in rows.columns]:
                sys.exit(
                    f"{uri} needs the columns {missing}, but these rows have only {[*rows]}.\n"
                    "Send all of its columns."
                )
            payload = rows[order]
        # Keras would print a progress bar.
        with contextlib.redirect_stdout(io.StringIO()):
            predictions = np.asarray(model.predict(payload))
    except ModuleNotFoundError as error:
        requirements = Path(mlflow.pyfunc.get_model_dependencies(uri)).read_text().split()
        message = (
            f"{uri} needs {', '.join(requirements)}, but {error.name} is not installed here. "
            "On your own machine, type: make lesson-06"
        )
        if arguments.uris:
            sys.exit(message)
        print(f"Left out: {message}")
        continue
    except MlflowException as error:
        if "Failed to enforce schema" not in error.message:
            sys.exit(f"Cannot get predictions from {uri}: {error.message}")
        input_schema = mlflow.models.get_model_info(uri).signature.inputs
        array = "an array of rows.astype('float32') in a .npy file, or "
        sys.exit(
            f"MLflow rejects these rows for {uri}: {error.message.rpartition('Error: ')[2]}\n"
            f"The signature of the model: {input_schema}\n"
            f"Send {array if input_schema.is_tensor_spec() else ''}a CSV file with column names in the first line."
        )
    except Exception as error:
        # A model runs its author's code, which can raise any error.
        sys.exit(
            f"Cannot get predictions from {uri}: {type(error).__name__}: {shorten(str(error), 300)}"
        )
    # A model answers a score for each class, the number of a class, or its name.
    if predictions.ndim == 2:
        predictions = predictions.argmax(axis=1)
    if predictions.dtype.kind in "iuf":
        if not set(predictions) <= {0, 1, 2}:
            sys.exit(
                f"{uri} answers {shorten(str(predictions), 60)}. The classes of iris are 0, 1 and 2."
            )
        predictions = SPECIES[predictions.astype(int)]
    predictions_by_model[uri] = predictions

# %% The answers
if not predictions_by_model:
    sys.exit("The frameworks of all these models are missing here.")
print(pd.DataFrame(predictions_by_model).T.to_string(header=[f"row {n}" for n in range(len(rows))]))
if len(predictions_by_model) > 1:
    agreements = (pd.DataFrame(predictions_by_model).nunique(axis=1) == 1).sum()
    print(f"{len(predictions_by_model)} models agree on {agreements} of {len(rows)} rows")
