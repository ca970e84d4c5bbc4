# %% [markdown]
"""
Requests that contain no rows at all, or too much: MLflow's server and the lab's service differ.

A client must never be able to cause status 500: it means that the server failed, so clients try
again and monitoring calls for help. MLflow's server answers three of these requests with 500.

Start the servers first, in another terminal: lab serve 5. `lab run 5 bad_bodies` does this for you.
"""

# %%
import json
import os

import requests
from sklearn.datasets import load_iris

server = os.environ.get("LAB_MODELS_SERVE", "http://127.0.0.1:8081")
service = os.environ.get("LAB_SERVING", "http://127.0.0.1:8080")

# %%
rows = load_iris(as_frame=True).data.head(2)
records = rows.to_dict("records")
good = json.dumps({"dataframe_split": rows.to_dict("split", index=False)})
two_forms = json.dumps({"dataframe_records": records, "inputs": rows.to_dict("list")})
JSON = "application/json"
bodies = {
    "not JSON": (JSON, "sepal length: 5.1"),
    "empty": (JSON, ""),
    "a list": (JSON, json.dumps(records)),
    "two forms at once": (JSON, two_forms),
    "sent as text/plain": ("text/plain", good),
    "no content type": (None, good),
    "10,000 open brackets": (JSON, "[" * 10_000),
    "1 MiB of spaces, rows": (JSON, " " * 2**20 + good),
}

# %%
print(f"{'The body':23}{'mlflow models serve':31}service.py")
for name, (content_type, body) in bodies.items():
    answers = []
    for address in (server, service):
        # MLflow's server closes the connection after status 500: each request gets a new one.
        headers = {"Content-Type": content_type, "Connection": "close"}
        response = requests.post(f"{address}/invocations", body, headers=headers, timeout=60)
        is_json = "json" in response.headers["Content-Type"]
        error_class = response.json().get("error_class", "") if is_json else ""
        answers.append(f"{response.status_code} {error_class}")
    print(f"{name:23}{answers[0]:31}{answers[1]}".rstrip())
