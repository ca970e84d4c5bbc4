# %% [markdown]
"""
Six ways to send the same rows to a model server.

A body of JSON has exactly one of four keys. The server also reads CSV and Parquet; the header
Content-Type says which of the three a body is.

Start the servers first, in another terminal: lab serve 5. `lab run 5 forms` does this for you.
"""

# %%
import json
import os

import requests
from sklearn.datasets import load_iris

server = os.environ.get("LAB_MODELS_SERVE", "http://127.0.0.1:8081")
service = os.environ.get("LAB_SERVING", "http://127.0.0.1:8080")
rows = load_iris(as_frame=True).data.iloc[[0, 50, 100]]

# %%
JSON, PARQUET = "application/json", "application/vnd.apache.parquet"
forms = {
    "dataframe_split": (JSON, rows.to_dict("split", index=False)),
    "dataframe_records": (JSON, rows.to_dict("records")),
    "inputs": (JSON, rows.to_dict("list")),
    "instances": (JSON, rows.to_dict("records")),
    "CSV": ("text/csv", rows.to_csv(index=False)),
    "Parquet": (PARQUET, rows.to_parquet()),
}
for form, (content_type, data) in forms.items():
    body = json.dumps({form: data}) if content_type == JSON else data
    answers = [
        requests.post(
            f"{address}/invocations", body, headers={"Content-Type": content_type}, timeout=60
        ).text
        for address in (server, service)
    ]
    # MLflow's server and the lab's service use the same scoring code.
    assert answers[0] == answers[1]
    print(f"{form:18}{content_type:31}{answers[0]}")
