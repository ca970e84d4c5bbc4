"""Score the same rows with every model that lesson 06 registered, not knowing which framework made it.

What to look at: one loader and one call for all of them. The rows are a DataFrame of float32, which
columns of doubles and tensors of float32 both take. A model whose framework is not here is left out.

    score.py [--rows FILE] [URI ...]

FILE is a CSV file with the four columns, or an array as numpy.save writes it, which is sent as it is.
"""

# %% What it takes
import argparse
import contextlib
import io
import logging
import os
import sys
import warnings
from pathlib import Path

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
    elif arguments.rows.suffix == ".npy":
        rows = np.load(arguments.rows)
    else:
        rows = pd.read_csv(arguments.rows)
        rows = rows.astype(dict.fromkeys(rows.select_dtypes("number"), "float32"))
except (OSError, ValueError) as error:
    sys.exit(f"{arguments.rows} cannot be read: {error}\nGive a CSV file or a .npy file.")

# %% The models, by URI
uris = arguments.uris or [
    f"models:/{model.name}@champion"
    for model in client.search_registered_models("tags.lesson = '06_flavors'")
]
if not uris:
    sys.exit("No model of lesson 06 is registered. Run python tutorial/06_flavors/run.py first.")

# %% One loader and one call for all
table = {}
for uri in uris:
    try:
        model = mlflow.pyfunc.load_model(uri, suppress_warnings=True)
        # A tensor has no names: the order that it was trained on stands in the model's metadata.
        order = (model.metadata.metadata or {}).get("columns", [])
        named = isinstance(rows, pd.DataFrame) and order and set(order) <= set(rows.columns)
        # Keras draws a progress bar.
        with contextlib.redirect_stdout(io.StringIO()):
            answers = np.asarray(model.predict(rows[order] if named else rows))
    except ModuleNotFoundError as error:
        needs = Path(mlflow.pyfunc.get_model_dependencies(uri)).read_text().split()
        message = f"{uri} needs {', '.join(needs)}, and {error.name} is not here. On your own machine: make lesson-06"
        if arguments.uris:
            sys.exit(message)
        print(f"left out: {message}")
        continue
    except MlflowException as error:
        if "Failed to enforce schema" not in error.message:
            sys.exit(f"{uri} cannot be asked: {error.message}")
        wanted = mlflow.models.get_model_info(uri).signature.inputs
        sys.exit(
            f"{uri} refuses these rows: {error.message.rpartition('Error: ')[2]}\n"
            f"Its signature: {wanted}\n"
            "A CSV file with the four names in its first line suits every model of this lesson; "
            "a tensor takes a .npy file of float32 as well: rows.astype('float32')."
        )
    # Names of classes, or a row of scores of which the highest counts: the shape tells which.
    classes = answers if answers.ndim == 1 else answers.argmax(axis=1)
    table[uri] = SPECIES[classes.astype(int)]

# %% What they say
if table:
    print(pd.DataFrame(table).T.to_string(header=[f"row {n}" for n in range(len(rows))]))
    agreed = (pd.DataFrame(table).nunique(axis=1) == 1).sum()
    print(f"{len(table)} models agree on {agreed} of {len(rows)} rows")
