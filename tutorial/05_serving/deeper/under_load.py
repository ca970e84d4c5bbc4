# %% [markdown]
"""
Promote a version and roll it back while a client asks without a pause: no request fails.

service.py answers each request with the version that was current when the request arrived. It keeps
the old version until its last request is answered.

Start the servers first, in another terminal: lab serve 5. `lab run 5 under_load` does this for you.
"""

# %%
import os
import threading
import time

import mlflow
import requests
from mlflow import MlflowClient
from sklearn.datasets import load_iris

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
client = MlflowClient()
service = os.environ.get("LAB_SERVING", "http://127.0.0.1:8080")
rows = load_iris(as_frame=True).data.iloc[[0, 50, 126]]
body = {"dataframe_split": rows.to_dict("split", index=False)}

# %% Another version to promote: a second registration of the champion's model is enough
champion = client.get_model_version_by_alias("iris_served", "champion")
model_id = champion.source.removeprefix("models:/")
copy = client.create_model_version("iris_served", champion.source, model_id=model_id)

# %% The client: it keeps the version that each response names
answered, failed, enough = [], [], threading.Event()


def keep_asking():
    with requests.Session() as session:
        while not enough.is_set():
            try:
                response = session.post(f"{service}/invocations", json=body, timeout=60)
                response.raise_for_status()
                answered.append(response.headers["X-Model-URI"])
            except requests.RequestException as error:
                failed.append(error)


# %% Move the alias there and back
asking = threading.Thread(target=keep_asking, daemon=True)
asking.start()
try:
    for action, version in (("promote", copy.version), ("roll back", champion.version)):
        client.set_registered_model_alias("iris_served", "champion", version)
        moved = time.monotonic()
        while not answered or answered[-1] != f"models:/iris_served/{version}":
            assert time.monotonic() < moved + 120, failed
            time.sleep(0.01)
        print(
            f"{action}: models:/iris_served/{version} answers {time.monotonic() - moved:.1f} s later"
        )
        # Let it answer some more requests.
        time.sleep(1)
finally:
    client.set_registered_model_alias("iris_served", "champion", champion.version)
    enough.set()
    asking.join()

# %%
print(f"{len(answered)} requests answered, {len(failed)} failed")
