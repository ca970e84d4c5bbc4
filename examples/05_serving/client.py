# %% [markdown]
"""
A client of the service: it checks rows before it sends them, sends them in batches, and tries again after a failure.

    python examples/05_serving/client.py --rows flowers.csv

Without --rows it sends scikit-learn's iris data. Start the service first, see service.py.
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

# The rows in a request, and its bytes: the service accepts 1 MiB at most.
BATCH_ROWS, BATCH_BYTES = 50, 1_000_000

parser = argparse.ArgumentParser(description=__doc__.strip().partition("\n")[0])
parser.add_argument("--url", default=os.environ.get("LAB_SERVING_URL", "http://127.0.0.1:8080"))
parser.add_argument("--rows", metavar="FILE.csv")
arguments = parser.parse_args()

# Without an address MLflow would write to a file mlflow.db in this folder, and give no warning.
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])

# %% Keep connections open, and try again after 0, 1, 2 and 4 s, or when Retry-After says so
session = requests.Session()
# A prediction changes nothing, so the client may ask twice. A status of 4xx would be the same again.
retry_rules = {"allowed_methods": None, "status_forcelist": [503], "raise_on_status": False}
patience = HTTPAdapter(max_retries=Retry(total=4, read=1, backoff_factor=0.5, **retry_rules))
for scheme in ("http://", "https://"):
    session.mount(scheme, patience)


def ask(method, path, body=None):
    """Return the service's answer. End with one line if the service refuses the request or does not answer."""
    headers = {"Content-Type": "application/json"}
    try:
        # The seconds to wait for the connection, and for the answer.
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
            # MLflow repeats the rows before it gives the reason.
            error_message = answer.json().get("message", error_message).rpartition("Error: ")[2]
        sys.exit(
            f"{arguments.url}{path} answered {answer.status_code}: {' '.join(error_message.split())}"
        )
    return answer


def inputs_of(uri):
    """Return the columns of a model version's signature."""
    # This downloads the file MLmodel and not the model. Unlike get_model_info, it leaves no folder behind.
    with tempfile.TemporaryDirectory() as folder:
        path = mlflow.artifacts.download_artifacts(f"{uri}/MLmodel", dst_path=folder)
        signature = Model.load(path).signature
    if not signature or not signature.inputs.has_input_names():
        sys.exit(f"{uri} has no signature that names its columns: log the model with one.")
    return signature.inputs.inputs


def fitted(rows, inputs):
    """Return the columns that the model needs, in its types. End with one line if a column does not fit."""
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
            # pandas converts 5.7 to 5 and "no" to True, and gives no warning.
            if column_type in (DataType.integer, DataType.long, DataType.boolean):
                for wrong in rows[name][columns[name] != rows[name]]:
                    sys.exit(f"Column {name!r} must be {column_type.name}, and {wrong!r} is not")
        elif column.required:
            sys.exit(f"Column {name!r} is missing. There are: {', '.join(map(repr, rows))}")
    return pd.DataFrame(columns)


# %% Find out which version answers now, and convert the rows to its types
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

# %% Send batch after batch. The alias may move between two of them
# JSON has neither NaN nor dates.
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

# %% Count the predictions
print(", ".join(f"{prediction}: {count}" for prediction, count in sorted(counts.items())))
