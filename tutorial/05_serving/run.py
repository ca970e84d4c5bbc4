# %% [markdown]
"""
Serve a model by HTTP, and promote and roll back under load, without a restart.

What to look at: the contract that clients write against, laxer than predict in Python; and one
move of an alias after which MLflow's own server answers as before, while the service changes within
a second and fails no request. It takes about 20 s, half of it for two servers to start.
"""

# %% Imports
import atexit
import contextlib
import io
import json
import logging
import os
import secrets
import signal
import socket
import subprocess
import threading
import time
import warnings
from pathlib import Path
from urllib.parse import urlsplit

import mlflow
import requests
import sklearn
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

# Without an address MLflow would quietly write to a file mlflow.db in this folder.
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("05_serving")
output = Path(os.environ.get("LAB_OUTPUT", "output")) / "05_serving"
output.mkdir(parents=True, exist_ok=True)
# A species is never missing, so it may be an integer.
warnings.filterwarnings("ignore", r"Hint: Inferred schema contains integer column", UserWarning)
# Extra columns are sent on purpose below; lesson 03 quotes MLflow's warning about them.
logging.getLogger("mlflow.models.utils").setLevel(logging.ERROR)

# %% Two versions of one model: the champion, and a hasty one that names some flowers wrong
measures, species = load_iris(as_frame=True, return_X_y=True)
rows = measures.iloc[[0, 52, 60, 85, 100]]
client = MlflowClient()
versions, expected = [], {}
for C in (1.0, 0.01):
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(C=C))
    pipeline.fit(measures, species)
    info = mlflow.sklearn.log_model(
        pipeline,
        name="model",
        signature=infer_signature(measures, species),
        # A service can try the model on it before the first client does.
        input_example=measures.head(2),
        pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
    )
    # MLflow reports each version on stderr, as lesson 03 shows.
    with contextlib.redirect_stderr(io.StringIO()):
        versions.append(mlflow.register_model(info.model_uri, "iris_clf"))
    expected[f"models:/iris_clf/{versions[-1].version}"] = pipeline.predict(rows).tolist()
champion, hasty = expected
assert expected[champion] != expected[hasty]
client.set_registered_model_alias("iris_clf", "champion", versions[0].version)
print(f"{champion} answers {expected[champion]} and is the champion")
print(f"{hasty} answers {expected[hasty]} and wants to be")

# %% Where they listen: the registry will call the service, at this machine's address as seen there
tracking = urlsplit(os.environ["MLFLOW_TRACKING_URI"])
with socket.create_connection((tracking.hostname, tracking.port)) as connection:
    own_address = connection.getsockname()[0]
with (
    socket.create_server(("127.0.0.1", 0)) as stock_socket,
    socket.create_server((own_address, 0)) as service_socket,
):
    stock = f"127.0.0.1:{stock_socket.getsockname()[1]}"
    service = f"{own_address}:{service_socket.getsockname()[1]}"
commands = {
    stock: "mlflow models serve -m models:/iris_clf@champion --env-manager local",
    service: "python examples/05_serving/service.py models:/iris_clf@champion",
}

# %% Start them side by side; whatever happens to this script, they are stopped
secret = secrets.token_urlsafe()
cleanup = contextlib.ExitStack()
atexit.register(cleanup.close)


def stop(process):
    """Stop a server and its workers."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    process.wait(timeout=30)


# A notebook has no __file__, but runs in its folder.
lab = Path(__file__ if "__file__" in globals() else "run.py").resolve().parents[2]
began = time.monotonic()
servers = {}
for address, command in commands.items():
    host, _, port = address.partition(":")
    log = output / ("stock.log" if address == stock else "service.log")
    process = subprocess.Popen(
        f"{command} --host {host} --port {port}".split(),
        cwd=lab,
        # Only a caller that knows this secret can tell the service to look at the registry.
        env=os.environ | {"LAB_WEBHOOK_SECRET": secret},
        stdout=log.open("w"),
        stderr=subprocess.STDOUT,
        # A group of its own, because MLflow's command starts another process and that one serves.
        start_new_session=True,
    )
    cleanup.callback(stop, process)
    servers[address] = process, log

# %% Wait until they answer; a company's proxy knows nothing of this machine
http = requests.Session()
http.trust_env = False
# MLflow's own server breaks the connection after a 500, and the next request must not meet that.
http.headers["Connection"] = "close"
for address, (process, log) in servers.items():
    path = "/ping" if address == stock else "/ready"
    ready = False
    while not ready:
        assert process.poll() is None and time.monotonic() < began + 90, log.read_text()[-2000:]
        with contextlib.suppress(requests.RequestException):
            ready = http.get(f"http://{address}{path}", timeout=10).ok
        time.sleep(0.05)
    print(f"$ {commands[address]}")
    print(f"  GET {path} is 200 after {time.monotonic() - began:.1f} s")
for path in ("/ping", "/health", "/version"):
    answers = [http.get(f"http://{address}{path}", timeout=60) for address in (stock, service)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].text == answers[1].text
print(f"Both have GET /ping, /health and /version, which is {answers[0].text}")

# %% Six ways to send the same rows
columns = rows.to_dict("list")
records = rows.to_dict("records")
print("\nThe same rows          answers")
for form, data, content_type in (
    ("dataframe_split", rows.to_dict("split", index=False), "application/json"),
    ("dataframe_records", records, "application/json"),
    ("inputs", columns, "application/json"),
    ("instances", records, "application/json"),
    ("text/csv", rows.to_csv(index=False), "text/csv"),
    ("a Parquet file", rows.to_parquet(), "application/vnd.apache.parquet"),
):
    body = json.dumps({form: data}) if content_type == "application/json" else data
    for address in (stock, service):
        answer = http.post(
            f"http://{address}/invocations", data=body, headers={"Content-Type": content_type}
        )
        assert answer.json() == {"predictions": expected[champion]}, answer.text
        assert answer.headers.get("X-Model-URI") == (champion if address == service else None)
    print(f"{form:22} {answer.text}")

# %% Rows that are not as agreed: the same by HTTP and in Python, where HTTP is laxer
model = mlflow.pyfunc.load_model("models:/iris_clf@champion")
first_row = rows.head(1)
length = first_row.columns[0]
print(f"\n{'The row':25}{'by HTTP':31}model.predict in Python")
for payload_name, row, expected_status, expected_in_python in (
    ("reordered columns", first_row[first_row.columns[::-1]], 200, "answers"),
    ("an extra column", first_row.assign(colour="blue"), 200, "answers"),
    ("a column is missing", first_row.drop(columns=length), 400, "is missing inputs"),
    ("a typo in a name", first_row.rename(columns={length: "sepal lenght"}), 400, "extra inputs"),
    ("whole numbers: 5", first_row.round().astype("int64"), 200, "convert int64 to float64"),
    ('numbers as text: "5.1"', first_row.astype(str), 200, "convert str to float64"),
    ("true and false", first_row > 3, 200, "convert bool to float64"),
    ('a word: "tall"', first_row.assign(**{length: "tall"}), 400, "convert str to float64"),
    ("null", first_row.assign(**{length: float("nan")}), 400, "contains NaN"),
    ("no row at all", first_row.head(0), 400, "0 sample(s)"),
):
    # As pandas writes it: NaN is null, since JSON has no NaN.
    body = f'{{"dataframe_split": {row.to_json(orient="split", index=False)}}}'
    outcomes = set()
    for address in (stock, service):
        answer = http.post(
            f"http://{address}/invocations", body, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == expected_status, (payload_name, answer.text)
        outcomes.add(f"{expected_status} {answer.json().get('error_class', '')}")
    assert len(outcomes) == 1, outcomes
    try:
        model.predict(row)
        outcome = "answers"
    except (MlflowException, ValueError) as error:
        outcome = str(error)
    assert expected_in_python in outcome, (payload_name, outcome)
    outcome = expected_in_python if outcome == "answers" else f"refused: {expected_in_python}"
    print(f"{payload_name:25}{outcomes.pop():31}{outcome}")

# %% Bodies that hold no rows at all, or more than the service takes
good = json.dumps({"dataframe_split": rows.to_dict("split", index=False)})
twice = json.dumps({"dataframe_records": records, "inputs": columns})
print(f"\n{'The body':25}{'mlflow models serve':31}service.py")
for payload_name, body, content_type, from_stock, from_service in (
    ("not JSON", "sepal length: 5.1", "application/json", 400, 400),
    ("empty", "", "application/json", 400, 400),
    ("a list", json.dumps(records), "application/json", 400, 400),
    ("two forms at once", twice, "application/json", 400, 400),
    ("sent as text/plain", good, "text/plain", 415, 415),
    ("without a content type", good, None, 500, 415),
    ("10,000 times [", "[" * 10_000, "application/json", 500, 400),
    ("1 MiB of spaces and rows", " " * 2**20 + good, "application/json", 200, 413),
):
    outcomes = []
    for address, status in ((stock, from_stock), (service, from_service)):
        answer = http.post(
            f"http://{address}/invocations", body, headers={"Content-Type": content_type}
        )
        assert answer.status_code == status, (payload_name, answer.status_code, answer.text)
        error = answer.json() if "json" in answer.headers["Content-Type"] else {}
        outcomes.append(f"{status} {error.get('error_class', '')}")
    print(f"{payload_name:25}{outcomes[0]:31}{outcomes[1]}".rstrip())

# %% The registry is to tell the service when an alias is set or deleted, and to sign what it tells
webhook = client.create_webhook(
    "05_serving",
    f"http://{service}/webhook",
    ["model_version_alias.created", "model_version_alias.deleted"],
    secret=secret,
)
cleanup.callback(client.delete_webhook, webhook.webhook_id)
test_delivery = client.test_webhook(webhook.webhook_id)
assert test_delivery.success, test_delivery
unsigned = http.post(f"http://{service}/webhook", json={"data": {"name": "iris_clf"}})
assert unsigned.status_code == 401
print(f"\nA webhook: signed by the registry {test_delivery.response_status}, by nobody 401")

# %% One client asks all the time
stream, failures, enough = [], [], threading.Event()


def keep_asking():
    """Ask for the same rows until told to stop; keep the version named and the predictions."""
    with requests.Session() as session:
        session.trust_env = False
        while not enough.is_set():
            try:
                answer = session.post(
                    f"http://{service}/invocations", json=json.loads(good), timeout=60
                )
                answer.raise_for_status()
            except requests.RequestException as error:
                failures.append(error)
            else:
                stream.append((answer.headers["X-Model-URI"], answer.json()["predictions"]))


asking = threading.Thread(target=keep_asking, daemon=True)
asking.start()

# %% Promote the hasty one, see the answers change; roll back, see them change back
for action, version, uri in (
    ("promote", versions[1], hasty),
    ("roll back", versions[0], champion),
):
    called = time.monotonic()
    client.set_registered_model_alias("iris_clf", "champion", version.version)
    while not stream or stream[-1][0] != uri:
        assert time.monotonic() < called + 60, http.get(f"http://{service}/status").text
        time.sleep(0.001)
    milliseconds = 1000 * (time.monotonic() - called)
    print(
        f"{action}: service.py answers {stream[-1][1]} as {uri}, {milliseconds:.0f} ms after the call"
    )
    stock_predictions = http.post(f"http://{stock}/invocations", json=json.loads(good)).json()[
        "predictions"
    ]
    assert stock_predictions == expected[champion]
    print(f"{' ' * len(action)}  mlflow models serve answers {stock_predictions}")
    # Some more from this version.
    time.sleep(1)

# %% The account of it
enough.set()
asking.join()
assert not failures, failures
assert all(predictions == expected[uri] for uri, predictions in stream)
counts = {uri: sum(uri == served for served, _ in stream) for uri in expected}
print(f"{len(stream)} requests answered, none failed, each by the version that it names:")
for uri, count in counts.items():
    print(f"  {uri}  {count}")

# %% Take the webhook away, and stop both servers
cleanup.close()
assert webhook.webhook_id not in {hook.webhook_id for hook in client.list_webhooks()}
