# %% [markdown]
"""
Rows that break the signature: what a model server answers, and what predict does in Python.

JSON has fewer types than Python, so the server first converts what it reads into the signature's
types. Over HTTP a model therefore accepts values that it refuses in Python.

Start the servers first, in another terminal: lab serve 5. `lab run 5 contract` does this for you.
"""

# %%
import logging
import os
import re

import mlflow
import requests
from mlflow.exceptions import MlflowException
from sklearn.datasets import load_iris

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
# This script sends extra columns on purpose. Lesson 03 shows MLflow's warning about them.
logging.getLogger("mlflow.models.utils").setLevel(logging.ERROR)
server = os.environ.get("LAB_MODELS_SERVE", "http://127.0.0.1:8081")
service = os.environ.get("LAB_SERVING", "http://127.0.0.1:8080")
model = mlflow.pyfunc.load_model("models:/iris_served@champion")


# %%
def over_http(address, row):
    # pandas writes NaN as null, because JSON has no NaN.
    body = f'{{"dataframe_split": {row.to_json(orient="split", index=False)}}}'
    headers = {"Content-Type": "application/json"}
    response = requests.post(f"{address}/invocations", body, headers=headers, timeout=60)
    return f"{response.status_code} {response.json().get('error_class', '')}"


def in_python(row):
    try:
        model.predict(row)
    except (MlflowException, ValueError) as error:
        # MLflow repeats the rows and the column before it gives the reason, and adds notes behind it.
        reason = str(error).rpartition("Error: ")[2]
        reason = re.sub(r"^Incompatible input types for column .*?\. ", "", reason)
        return re.split(r"\.(?:\s|$)| \(shape", reason)[0]
    return "answers"


# %%
row = load_iris(as_frame=True).data.head(1)
first, length = row.columns[0], "petal length (cm)"
rows = {
    "reordered columns": row[row.columns[::-1]],
    "an extra column": row.assign(colour="blue"),
    "a missing column": row.drop(columns=first),
    "a misspelled name": row.rename(columns={first: "sepal lenght (cm)"}),
    "whole numbers: 5": row.round().astype("int64"),
    'numbers as text: "5.1"': row.astype(str),
    "true and false": row > 3,
    'a word: "tall"': row.assign(**{length: "tall"}),
    "a missing value: null": row.assign(**{length: float("nan")}),
    "no row at all": row.head(0),
}
print(f"{'The row':24}{'Over HTTP':31}In Python")
for name, sent in rows.items():
    answers = {over_http(address, sent) for address in (server, service)}
    # Both servers give the same answer.
    assert len(answers) == 1, answers
    print(f"{name:24}{answers.pop():31}{in_python(sent)}")
