# %% [markdown]
"""
# 05 Serve a model over HTTP

The web team wants to show the species of a flower on its page. Its program is JavaScript, so it
cannot load a model in Python as you did in lesson 03. A server can load the model instead, and the
program sends it HTTP requests. When a better version is promoted, the page must keep working.

**You will be able to**

- serve a registered model with one command, and call it over HTTP,
- explain what a client receives when its request is wrong,
- promote a new version and roll it back while the server runs.

**You need** lesson 04 and basic Python. **Time**: 12 minutes to read, 10 for the exercise.
"""

# %% [markdown]
"""
## 1. Start a server

MLflow includes a server for models. This command loads the champion of `iris_served` and then waits
for requests:

```text
mlflow models serve -m models:/iris_served@champion --env-manager local --port 8081
```

`--env-manager local` tells MLflow to use the packages that are installed here. Without it, MLflow
first builds a separate environment for the model.

The lab types this command for you. First it runs [baseline.py](baseline.py), which registers a
version of `iris_served` as the champion. Then it starts this server, and a second one for step 5.

- `lab run 5` does all this, runs the lesson and stops the servers at the end.
- For a notebook, start the servers at *Your turn*: type `lab serve 5` in a terminal of JupyterLab
  (File, New, Terminal). Ctrl-C stops them.
"""

# %%
import os
import time

import mlflow
import requests
import sklearn
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

# The lab's shell sets this variable to the address of its MLflow server.
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("05_serving")
client = MlflowClient()

# The lab may use another port, and then this variable contains the address.
server = os.environ.get("LAB_MODELS_SERVE", "http://127.0.0.1:8081")
response = requests.get(f"{server}/ping", timeout=60)
print("GET /ping: status", response.status_code)

# %% [markdown]
"""
Status 200 means that the model is loaded. Monitoring systems call `/ping` regularly. `/health` does
the same. Predictions come from another path, `/invocations`.

## 2. Send flowers, receive species

A client sends rows as JSON and receives predictions as JSON, in any programming language. In the
form `dataframe_split`, the names of the columns come first and the rows follow. `ask` sends such a
request.
"""

# %%
iris = load_iris(as_frame=True)
X = iris.data
y = iris.target.map(dict(enumerate(iris.target_names)))
flowers = X.iloc[[0, 50, 126]]


def ask(address, rows):
    body = {"dataframe_split": rows.to_dict("split", index=False)}
    return requests.post(f"{address}/invocations", json=body, timeout=60)


response = ask(server, flowers)
print("sent:      ", response.request.body.decode())
print("status:    ", response.status_code)
print("received:  ", response.text)
print("true names:", list(y[flowers.index]))

# %% [markdown]
"""
Two answers are right. The third flower is a virginica, but the model says versicolor: the champion
is a baseline that uses only one of the four columns. Its signature lists all four, so clients need
no change when a better model replaces it.

## 3. Send a wrong request

In lesson 03, the model's [signature](../words.md#signature) checked the input of `predict`. The
server loads the signature together with the model, so it checks requests, too.

**Predict:** this client misspells the name of a column. Does the server answer with a guess, does
it crash, or does it refuse the request?
"""

# %%
typo = flowers.rename(columns={"petal length (cm)": "petal lenght (cm)"})
response = ask(server, typo)
print("status: ", response.status_code)
print("message:", response.json()["message"].rpartition("Error: ")[2])

# %% [markdown]
"""
Status 400 means that the request is wrong and that sending it again will not help. The message
names the column, so the web team can correct its code without asking you.

## 4. Register a challenger

A better model uses all four columns. (This lesson skips the gate of lesson 04.) Three things in this
cell matter to the clients of a server:

- `y`, from step 2, contains names, so clients receive "setosa" and not 0.
- The `signature` decides which rows get status 400. `infer_signature` reads the names and types
  of the columns from `X`.
- The `input_example` is a small request that is stored with the model. A server can use it to try
  the model before the first client does.
"""

# %%
challenger = LogisticRegression(max_iter=500).fit(X, y)
with mlflow.start_run(run_name="challenger"):
    model_info = mlflow.sklearn.log_model(
        challenger,
        name="model",
        signature=infer_signature(X, y),
        input_example=X.head(2),
        registered_model_name="iris_served",
        # Without this line MLflow looks for the packages itself, which takes seconds.
        pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
    )
new_version = model_info.registered_model_version
old_version = client.get_model_version_by_alias("iris_served", "champion").version
print("champion:   version", old_version)
print("challenger: version", new_version)

# %% [markdown]
"""
The new version is registered, and nothing has changed for the clients: the alias `champion` still
points to the old one.

## Your turn

`exercise.py` registers a model, `iris_web`, that is not ready for clients. It accepts a misspelled
column name, and its predictions are numbers. Change it so that

- it answers with "setosa", "versicolor" or "virginica",
- a misspelled column name and a word in place of a number get status 400,
- it has an input example.

Run your version, then check it. You need no model server: the exercise passes each request directly to
the function that MLflow's server uses.

    python tutorial/05_serving/exercise.py
    lab check 5
    lab hint 5

You have passed when `lab check 5` prints `05_serving: passed`.

## 5. Promote the challenger while the servers run

The lab also starts a second server, [service.py](../../examples/05_serving/service.py), which is not
part of MLflow. Once a second it looks up which version has the alias `champion`.

**Predict:** the next cell moves the alias to the challenger. Which of the two servers then
recognizes the third flower?
"""

# %%
service = os.environ.get("LAB_SERVING", "http://127.0.0.1:8080")


def make_champion(version):
    client.set_registered_model_alias("iris_served", "champion", version)
    # The service needs a moment to notice the move and to load the version.
    status = {}
    while status.get("serves") != f"models:/iris_served/{version}":
        time.sleep(0.2)
        status = requests.get(f"{service}/status", timeout=60).json()


make_champion(new_version)
print("mlflow models serve:", ask(server, flowers).json()["predictions"])
response = ask(service, flowers)
print("service.py:         ", response.json()["predictions"])
print("service.py says that", response.headers["X-Model-URI"], "has answered")

# %% [markdown]
"""
`mlflow models serve` loads its model when it starts, and keeps it until you restart the server.
`service.py` loads the new version beside the old one, tries it on its input example and only then
switches. No request fails, and each response names the version in the header `X-Model-URI`.

## 6. Roll back

Suppose that users report wrong answers. A rollback is the same call with the previous version.
"""

# %%
make_champion(old_version)
response = ask(service, flowers)
print("service.py:", response.json()["predictions"], "from", response.headers["X-Model-URI"])

# %% [markdown]
"""
The service answers with the baseline again. The challenger stays registered. In the browser, the
page of [iris_served](http://localhost:5000/#/models/iris_served?workflowType=machine_learning) lists
the versions and shows the alias `champion` beside the old one.

## Go further

- `lab predict 5`: guess which rows a server accepts over HTTP and which rows `predict` accepts in
  Python. `lab run 5 contract` prints the whole table.
- `lab run 5 forms` sends the same rows in six forms, and `lab run 5 bad_bodies` sends requests that
  contain no rows at all.
- `lab run 5 under_load` moves the alias while a client asks without a pause: no request fails.
- `lab run 5 webhook` shows how the registry can report a move, so that no server has to look every
  second.
- [REFERENCE.md](REFERENCE.md) lists [every status that a client can
  receive](REFERENCE.md#the-http-contract), [how to run the service on its
  own](REFERENCE.md#run-the-service-on-its-own) and [the errors that people
  meet](REFERENCE.md#when-it-goes-wrong).
"""
