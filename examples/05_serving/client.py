# %% [markdown]
"""
A well-behaved client of the service: it checks rows before it sends them, in batches, with patience.

    python examples/05_serving/client.py --rows flowers.csv

Without --rows it sends scikit-learn's iris. The service must be running, see service.py.
"""

# %% Imports
import argparse
import json
import os
import sys
import tempfile
from collections import Counter

import mlflow
import pandas as pd
import requests
from mlflow.models import Model
from mlflow.types import DataType
from requests.adapters import HTTPAdapter
from sklearn.datasets import load_iris
from urllib3 import Retry

# Rows in a request, fewer where they are long: the service takes no more than 1 MiB.
BATCH_ROWS, BATCH_BYTES = 50, 1_000_000

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--url", default=os.environ.get("LAB_SERVING_URL", "http://127.0.0.1:8080"))
parser.add_argument("--rows", metavar="FILE.csv")
arguments = parser.parse_args()

# Without an address MLflow would quietly write to a file mlflow.db in this folder.
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])

# %% Connections that are kept, and what is tried again: after 0, 1, 2, 4 s, or what Retry-After says
session = requests.Session()
# A prediction changes nothing, so it may be asked for twice. A 4xx would be the same again.
retry_rules = {"allowed_methods": None, "status_forcelist": [503], "raise_on_status": False}
patience = HTTPAdapter(max_retries=Retry(total=4, read=1, backoff_factor=0.5, **retry_rules))
for scheme in ("http://", "https://"):
    session.mount(scheme, patience)


def ask(method, path, body=None):
    """Return the service's answer; end with one line if it refuses, or if there is none."""
    headers = {"Content-Type": "application/json"}
    try:
        # Seconds for the connection, and for the answer.
        answer = session.request(
            method, arguments.url + path, data=body, headers=headers, timeout=(3, 30)
        )
    except requests.RequestException as error:
        sys.exit(
            f"No service answers at {arguments.url} ({type(error).__name__}). Start it: python "
            "examples/05_serving/service.py in the lab's shell, or docker compose --profile serving up --build --wait"
        )
    if not answer.ok:
        error_message = answer.text
        if "json" in answer.headers.get("Content-Type", ""):
            # MLflow quotes the rows before it comes to the reason.
            error_message = answer.json().get("message", error_message).rpartition("Error: ")[2]
        sys.exit(
            f"{arguments.url}{path} answered {answer.status_code}: {' '.join(error_message.split())}"
        )
    return answer


def inputs_of(uri):
    """Return the columns that a model version takes, as the registry has them."""
    # MLmodel alone, not the model; and unlike get_model_info it leaves no folder behind.
    with tempfile.TemporaryDirectory() as folder:
        path = mlflow.artifacts.download_artifacts(f"{uri}/MLmodel", dst_path=folder)
        signature = Model.load(path).signature
    if not signature or not signature.inputs.has_input_names():
        sys.exit(f"{uri} has no signature that names its columns: log the model with one.")
    return signature.inputs.inputs


def fitted(rows, inputs):
    """Return the columns that the model takes, in its types; end naming the one that does not fit."""
    columns = {}
    for column in inputs:
        name, column_type = column.name, column.type
        if name in rows:
            try:
                columns[name] = rows[name].astype(
                    "str" if column_type == DataType.string else column_type.to_pandas()
                )
            except (TypeError, ValueError) as error:
                sys.exit(f"Column {name!r} must be {column_type.name}: {error}")
            # pandas makes 5 of 5.7, and True of "no", without a word.
            if column_type in (DataType.integer, DataType.long, DataType.boolean):
                for wrong in rows[name][columns[name] != rows[name]]:
                    sys.exit(f"Column {name!r} must be {column_type.name}, and {wrong!r} is not")
        elif column.required:
            sys.exit(f"Column {name!r} is missing. There are: {', '.join(map(repr, rows))}")
    return pd.DataFrame(columns)


# %% Which version answers at present, and the rows as it takes them
status = ask("GET", "/status").json()
serves = status["serves"]
if serves is None:
    sys.exit(f"{arguments.url} has no model yet. {status['problem']}")
print(f"{arguments.url} serves {serves}, as {status['follows']}")
try:
    rows = pd.read_csv(arguments.rows) if arguments.rows else load_iris(as_frame=True).data
except (OSError, ValueError) as error:
    sys.exit(f"{arguments.rows} cannot be read: {' '.join(str(error).split())}")
inputs = inputs_of(serves)
rows = fitted(rows, inputs)
for name in rows.columns[rows.isna().any()]:
    print(f"Column {name!r} has empty cells, which not every model takes.")

# %% Ask, batch by batch; the alias may move between two
# JSON has no NaN, and no dates.
cells = rows.astype(object).where(rows.notna(), None).to_numpy().tolist()
longest = max((len(json.dumps(row, default=str)) for row in cells), default=1)
size = max(1, min(BATCH_ROWS, BATCH_BYTES // longest))
counts = Counter()
for start in range(0, len(cells), size):
    batch = {"columns": list(rows), "data": cells[start : start + size]}
    answer = ask("POST", "/invocations", json.dumps({"dataframe_split": batch}, default=str))
    model_uri = answer.headers["X-Model-URI"]
    print(f"rows {start + 1} to {start + len(batch['data'])} answered by {model_uri}")
    if model_uri != serves:
        print(f"The alias has moved: the rows before were answered by {serves}")
        if inputs_of(model_uri) != inputs:
            sys.exit(f"{model_uri} takes other columns. Run this again, for all rows.")
        serves = model_uri
    counts.update(map(str, answer.json()["predictions"]))

# %% How many of each
print(", ".join(f"{prediction}: {count}" for prediction, count in sorted(counts.items())))
