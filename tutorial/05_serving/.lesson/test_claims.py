"""What the pages of lesson 05 say: the tests read the tables of REFERENCE.md and try each row."""

import base64
import contextlib
import hmac
import io
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import mlflow
import pytest
import requests
import sklearn
from mlflow.entities.webhook import WebhookAction, WebhookEntity
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

X, y = load_iris(as_frame=True, return_X_y=True)
NAMES = list(X.columns)
JSON, CSV, PARQUET = "application/json", "text/csv", "application/vnd.apache.parquet"
FOLDER = Path(__file__).parents[1]
REFERENCE = (FOLDER / "REFERENCE.md").read_text(encoding="utf-8")
SERVICE = Path(__file__).parents[3] / "examples" / "05_serving" / "service.py"


def split(rows, names=NAMES):
    return {"dataframe_split": {"columns": list(names), "data": rows}}


def number(text):
    """Return a body with this JSON text where the first number would be."""
    return json.dumps(split([["?", 3.5, 1.4, 0.2]])).replace('"?"', text)


ROW = [5.1, 3.5, 1.4, 0.2]
RECORD = dict(zip(NAMES, ROW, strict=True))
GOOD = split([ROW])
CSV_ROW = f"{','.join(NAMES)}\n5.1,3.5,1.4,0.2\n"

# For each first cell of the contract's table, the requests that it means: a body, or a body and its content type.
BODIES = {
    "one of the four forms in JSON, or CSV, or Parquet": [
        GOOD,
        {"dataframe_records": [RECORD]},
        {"inputs": {name: [value] for name, value in RECORD.items()}},
        {"inputs": [RECORD]},
        {"instances": [RECORD]},
        (CSV_ROW, CSV),
        (X.to_parquet(), PARQUET),
        (json.dumps(GOOD), f"{JSON}; charset=utf-8"),
    ],
    "a single row: `inputs` with a number for each column": [{"inputs": RECORD}],
    "lists without names in `inputs` or `instances`": [{"inputs": [ROW]}, {"instances": [ROW]}],
    "columns in another order, or extra columns": [
        split([ROW[::-1]], NAMES[::-1]),
        split([[*ROW, "blue"]], [*NAMES, "colour"]),
        {"instances": [RECORD | {"colour": "blue"}]},
    ],
    "a missing or misspelled column": [
        split([ROW[1:]], NAMES[1:]),
        split([ROW], ["sepal lenght (cm)", *NAMES[1:]]),
        {"inputs": {name: [value] for name, value in RECORD.items() if name != NAMES[0]}},
        (CSV_ROW.replace("length", "lenght"), CSV),
    ],
    "a column missing in one of several records": [
        {"dataframe_records": [RECORD, {NAMES[0]: 5.1}]},
        {"instances": [RECORD, {NAMES[0]: 5.1}]},
    ],
    'whole numbers, `true`, numbers as text (`"5.1"`)': [
        split([[5, 3, 1, 0]]),
        split([[True, False, True, False]]),
        split([["5.1", "3.5", "1.4", "0.2"]]),
        {"inputs": {name: [str(value)] for name, value in RECORD.items()}},
    ],
    "a word or a list in place of a number": [
        number('"tall"'),
        number("[5.1]"),
        {"instances": [RECORD | {NAMES[0]: "tall"}]},
        (CSV_ROW.replace("5.1", "tall"), CSV),
    ],
    "`null`, `NaN`, an empty cell in CSV": [
        number("null"),
        number("NaN"),
        {"inputs": {name: [None] for name in NAMES}},
        (CSV_ROW.replace("5.1", ""), CSV),
    ],
    "columns and no row": [split([]), (CSV_ROW.partition("\n")[0], CSV)],
    "an empty list": [{"dataframe_records": []}, {"inputs": []}, {"instances": []}],
    "`params` that the model does not have, other keys beside the form": [
        GOOD | {"params": {"temperature": 1}},
        GOOD | {"colour": "blue"},
    ],
    "not JSON, or empty": ["sepal length: 5.1", "", b"\xff"],
    "no form, two forms, a list": ["{}", {"rows": [RECORD]}, GOOD | {"inputs": RECORD}, [RECORD]],
    "invalid CSV or Parquet": [("", CSV), (b"PAR1", PARQUET)],
    "another content type, or a parameter other than `charset=utf-8`": [
        (json.dumps(GOOD), "text/plain"),
        # curl -d sends this one by default.
        (json.dumps(GOOD), "application/x-www-form-urlencoded"),
        (json.dumps(GOOD), f"{JSON}; charset=latin-1"),
        (json.dumps(GOOD), f"{JSON}; version=1"),
    ],
    "no content type": [(json.dumps(GOOD), None)],
    "10,000 open brackets, or a number of 5,000 digits": ["[" * 10_000, number("1" * 5_000)],
    "more than 1 MiB": [" " * 2**20 + json.dumps(GOOD)],
}


def table(width):
    """Return the rows of the reference that have so many cells, and a status in the second."""
    lines = [line for line in REFERENCE.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line[1:-1].split("|")] for line in lines]
    return [row for row in rows if len(row) == width and row[1].isdigit()]


# What is sent; its status, error_code and error_class; what service.py answers if that is different.
CONTRACT = table(5)
# What arrives at /webhook; the status, and a part of the response.
DELIVERIES = table(3)


class Server:
    """A server in a process group of its own."""

    def __init__(self, command, address, log, **env):
        """Start it."""
        self.address, self.log = address, log
        host, port = address.split(":")
        with log.open("w") as opened:
            self.process = subprocess.Popen(
                [*command, "--host", host, "--port", port],
                env=os.environ | env,
                stdout=opened,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def ask(self, body, content_type=JSON, path="/invocations", **headers):
        """Send a body, over a connection of its own."""
        if isinstance(body, dict | list):
            body = json.dumps(body)
        headers |= {"Content-Type": content_type}
        with requests.Session() as session:
            session.trust_env = False
            return session.post(
                f"http://{self.address}{path}", data=body, headers=headers, timeout=30
            )

    def get(self, path):
        """Get a page."""
        with requests.Session() as session:
            session.trust_env = False
            return session.get(f"http://{self.address}{path}", timeout=30)

    def wait_for(self, expected, seconds=120):
        """Wait until `expected()` is true, the server's log is the message if it never is."""
        until = time.monotonic() + seconds
        while True:
            with contextlib.suppress(requests.ConnectionError):
                if expected():
                    return
            assert time.monotonic() < until and self.process.poll() is None, self.log.read_text()
            time.sleep(0.05)

    def stop(self):
        """Stop it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(timeout=30)


class Service(Server):
    """The service, and the deliveries that its registry may send."""

    secret = secrets.token_urlsafe()

    def status(self):
        """Return what /status says."""
        return self.get("/status").json()

    def serves(self, uri):
        """Tell whether it answers with this version."""
        return self.ask(GOOD).headers["X-Model-URI"] == uri

    def signed(self, data, secret=None, age=0):
        """Return a delivery as the registry makes them: a body and its headers."""
        body = json.dumps({"entity": "model_version_alias", "action": "created", "data": data})
        delivery, timestamp = str(uuid4()), str(int(time.time()) - age)
        digest = hmac.new(
            (secret or self.secret).encode(), f"{delivery}.{timestamp}.{body}".encode(), "sha256"
        ).digest()
        return body, {
            "X-MLflow-Delivery-Id": delivery,
            "X-MLflow-Timestamp": timestamp,
            "X-MLflow-Signature": f"v1,{base64.b64encode(digest).decode()}",
        }

    def tell(self, name, alias="champion"):
        """Send a delivery: an alias has moved."""
        body, headers = self.signed({"name": name, "alias": alias, "version": "1"})
        answer = self.ask(body, path="/webhook", **headers)
        assert answer.status_code == 200, answer.text


class Forwarder(threading.Thread):
    """Forwards to the tracking server, until it is cut."""

    def __init__(self):
        """Listen."""
        super().__init__(daemon=True)
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.connected = []
        self.start()

    @property
    def uri(self):
        """Where to connect to."""
        return f"http://127.0.0.1:{self.listening.getsockname()[1]}"

    def run(self):
        """Accept, and pass on both ways."""
        target = urlsplit(os.environ["MLFLOW_TRACKING_URI"])
        with contextlib.suppress(OSError):
            while True:
                pair = [self.listening.accept()[0]]
                pair.append(socket.create_connection((target.hostname, target.port)))
                self.connected += pair
                for source, sink in (pair, pair[::-1]):
                    threading.Thread(target=self.pass_on, args=(source, sink), daemon=True).start()

    def pass_on(self, source, sink):
        """Pass on what comes from one side."""
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def cut(self):
        """Close every connection, as a server that is gone."""
        for connection in (self.listening, *self.connected):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()


def own_address():
    """Return the address of this machine as the tracking server sees it."""
    tracking = urlsplit(os.environ["MLFLOW_TRACKING_URI"])
    with socket.create_connection((tracking.hostname, tracking.port)) as connection:
        return connection.getsockname()[0]


def free_address():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return f"127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture(scope="module", autouse=True)
def client():
    """Work in an experiment of our own, deleted afterwards."""
    mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
    experiment = mlflow.set_experiment(f"test-{uuid4().hex[:8]}")
    client = mlflow.MlflowClient()
    yield client
    client.delete_experiment(experiment.experiment_id)


@pytest.fixture(scope="module")
def name(client):
    """Register three versions: two that work, and one that fails on its own input example."""
    name = f"test-{uuid4().hex[:8]}"
    pip = [f"scikit-learn=={sklearn.__version__}"]
    for inverse, example in ((1.0, X.head(2)), (0.01, X.head(2)), (1.0, X.head(2).mask(X > 4))):
        model = LogisticRegression(C=inverse, max_iter=500).fit(X, y)
        info = mlflow.sklearn.log_model(
            model,
            name="model",
            signature=infer_signature(X),
            input_example=example,
            pip_requirements=pip,
        )
        with contextlib.redirect_stderr(io.StringIO()):
            mlflow.register_model(info.model_uri, name)
    yield name
    client.delete_registered_model(name)


@pytest.fixture(scope="module")
def servers(client, name, tmp_path_factory):
    """Start both: MLflow's on version 1, and the service while its alias does not exist yet."""
    logs = tmp_path_factory.mktemp("logs")
    with contextlib.ExitStack() as started:
        words = ["mlflow", "models", "serve", "-m", f"models:/{name}/1", "--env-manager", "local"]
        stock = Server(words, free_address(), logs / "stock.log")
        started.callback(stock.stop)
        forwarder = Forwarder()
        started.callback(forwarder.cut)
        service = Service(
            [sys.executable, SERVICE, f"models:/{name}@champion"],
            free_address(),
            logs / "service.log",
            LAB_WEBHOOK_SECRET=Service.secret,
            MLFLOW_TRACKING_URI=forwarder.uri,
            # The last test takes the tracking server away and should not have to wait.
            MLFLOW_HTTP_REQUEST_MAX_RETRIES="0",
        )
        started.callback(service.stop)
        service.forwarder = forwarder
        service.wait_for(lambda: service.get("/status").ok)
        service.wait_for(lambda: "not found" in service.status()["problem"])
        service.before = {
            "/invocations": service.ask(GOOD),
            "/ready": service.get("/ready"),
            "/ping": service.get("/ping"),
        }
        client.set_registered_model_alias(name, "champion", "1")
        service.wait_for(lambda: service.get("/ready").ok)
        stock.wait_for(lambda: stock.get("/ping").ok)
        yield stock, service


@pytest.fixture
def service(servers):
    """The service, with its alias on version 1."""
    return servers[1]


@pytest.fixture
def back_to_1(client, name, service):
    """Put the alias back afterwards."""
    yield
    client.set_registered_model_alias(name, "champion", "1")
    service.tell(name)
    service.wait_for(lambda: service.serves(f"models:/{name}/1"))
    service.wait_for(lambda: service.status()["problem"] is None)


def test_every_row_of_the_contract_has_requests():
    assert [row[0] for row in CONTRACT] == list(BODIES)


@pytest.mark.parametrize("row", CONTRACT, ids=lambda row: row[0])
def test_each_row_of_the_contract_is_true(servers, name, row):
    payload_name, *of_stock, of_service = row
    of_stock = " ".join(filter(None, of_stock))
    for server, expected in zip(servers, (of_stock, of_service or of_stock), strict=True):
        for sent in BODIES[payload_name]:
            answer = server.ask(*sent) if isinstance(sent, tuple) else server.ask(sent)
            error = answer.json() if answer.headers["Content-Type"] == JSON else {}
            got = (str(answer.status_code), error.get("error_code"), error.get("error_class"))
            assert " ".join(filter(None, got)) == expected, (server.address, sent, answer.text)
            if server is servers[1]:
                assert answer.headers["X-Model-URI"] == f"models:/{name}/1"


def test_mlflow_s_server_sends_a_stack_trace_to_clients_and_the_service_does_not(servers):
    of_stock, of_service = (server.ask(number("null")).json() for server in servers)
    assert "Input X contains NaN" in of_stock.pop("stack_trace")
    assert of_stock == of_service


def test_mlflow_s_server_answers_a_null_with_an_unexpected_error(servers):
    message = servers[0].ask(number("null")).json()["message"]
    assert message.startswith("Encountered an unexpected error while evaluating the model. ")


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (
            split([ROW], ["sepal lenght (cm)", *NAMES[1:]]),
            "Error: Model is missing inputs ['sepal length (cm)']. "
            "Note that there were extra inputs: ['sepal lenght (cm)'].",
        ),
        ({"inputs": [ROW]}, "Note that there were extra inputs: [0, 1, 2, 3]."),
        ([RECORD], "The input must be a JSON dictionary with exactly one of the input fields"),
        ({}, "IMPORTANT: The MLflow Model scoring protocol has changed in MLflow version 2.0."),
    ],
)
def test_both_servers_send_the_messages_that_the_reference_quotes(servers, sent, says):
    for server in servers:
        assert says in server.ask(sent).json()["message"]


def test_another_content_type_is_refused_with_the_message_that_the_reference_quotes(servers):
    for server in servers:
        message = server.ask(json.dumps(GOOD), "text/plain").text
        assert message.startswith("This predictor only supports the following content types")


@pytest.mark.parametrize("path", ["/ping", "/health", "/version"])
def test_both_servers_answer_the_same_on(servers, path):
    answers = [server.get(path) for server in servers]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].text == answers[1].text
    if path == "/version":
        assert answers[0].text == mlflow.__version__


def test_with_poll_1_the_service_follows_the_alias_without_a_webhook(client, name, tmp_path):
    client.set_registered_model_alias(name, "polled", "1")
    command = [sys.executable, SERVICE, f"models:/{name}@polled", "--poll", "0.2"]
    service = Service(command, free_address(), tmp_path / "log")
    try:
        service.wait_for(lambda: service.get("/ready").ok)
        assert service.serves(f"models:/{name}/1")
        client.set_registered_model_alias(name, "polled", "2")
        service.wait_for(lambda: service.serves(f"models:/{name}/2"), seconds=10)
        assert not service.status()["webhook"]
    finally:
        service.stop()


def test_mlflow_s_server_keeps_the_version_of_its_start(client, name, tmp_path):
    client.set_registered_model_alias(name, "kept", "1")
    words = ["mlflow", "models", "serve", "-m", f"models:/{name}@kept", "--env-manager", "local"]
    server = Server(words, free_address(), tmp_path / "log")
    everything = split(X.to_numpy().tolist())
    try:
        server.wait_for(lambda: server.get("/ping").ok)
        before = server.ask(everything).json()
        client.set_registered_model_alias(name, "kept", "2")
        time.sleep(3)
        assert server.ask(everything).json() == before
        version_2 = mlflow.pyfunc.load_model(f"models:/{name}/2")
        assert before["predictions"] != version_2.predict(X).tolist()
    finally:
        server.stop()


def test_mlflow_s_server_has_pages_of_its_api_and_the_service_has_none(servers):
    assert [server.get("/docs").status_code for server in servers] == [200, 404]
    assert [server.get("/invocations").status_code for server in servers] == [405, 405]


def test_without_its_alias_the_service_waits_and_begins_when_the_alias_appears(service, name):
    answer = service.before["/invocations"]
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.json()["error_code"] == "TEMPORARILY_UNAVAILABLE"
    assert "Registered model alias champion not found." in answer.json()["message"]
    assert answer.headers["X-Model-URI"] == "none"
    assert service.before["/ready"].status_code == 503
    assert service.before["/ping"].status_code == 404
    assert service.serves(f"models:/{name}/1")


def test_mlflow_s_server_ends_at_once_if_the_alias_does_not_exist(name, tmp_path):
    words = ["mlflow", "models", "serve", "-m", f"models:/{name}@ghost", "--env-manager", "local"]
    server = Server(words, free_address(), tmp_path / "log")
    assert server.process.wait(timeout=60) != 0
    assert "Registered model alias ghost not found." in server.log.read_text()


@pytest.mark.parametrize("row", DELIVERIES, ids=lambda row: row[0])
def test_each_row_of_the_deliveries_is_true(service, name, row):
    delivery, status, says = row
    move = {"name": name, "alias": "champion", "version": "1"}
    body, headers = service.signed(move)
    others, of_others = service.signed({"name": name, "alias": "challenger", "version": "1"})
    sent = {
        "signed, new, of this alias": (body, headers),
        "signed, new, of another alias": (others, of_others),
        "not signed": (body, {}),
        "signed with another secret": service.signed(move, secret=secrets.token_urlsafe()),
        "signed, and changed on the way": (others, headers),
        "signed more than 5 minutes ago": service.signed(move, age=301),
        "the same delivery again": (body, headers),
    }
    assert list(sent) == [row[0] for row in DELIVERIES]
    if delivery == "the same delivery again":
        assert service.ask(body, path="/webhook", **headers).status_code == 200
    answer = service.ask(sent[delivery][0], path="/webhook", **sent[delivery][1])
    assert str(answer.status_code) == status
    assert says.strip("`") in answer.text


def test_after_a_delivery_the_service_loads_the_alias_s_version_whatever_the_delivery_says(
    client, name, service, back_to_1
):
    # The delivery says version 1, and the alias is on 2.
    client.set_registered_model_alias(name, "champion", "2")
    service.tell(name)
    service.wait_for(lambda: service.serves(f"models:/{name}/2"), seconds=10)


def test_without_a_delivery_the_service_looks_up_the_alias_within_15_seconds(
    client, name, service, back_to_1
):
    client.set_registered_model_alias(name, "champion", "2")
    # After the look it loads the version, which takes seconds on a busy machine.
    service.wait_for(lambda: service.serves(f"models:/{name}/2"), seconds=30)


def test_after_its_alias_is_deleted_the_service_keeps_serving_and_reports_it(
    client, name, service, back_to_1
):
    client.delete_registered_model_alias(name, "champion")
    service.tell(name)
    service.wait_for(lambda: service.status()["problem"])
    status = service.status()
    assert "Registered model alias champion not found." in status["problem"]
    assert (status["serves"], status["alias_means"]) == (f"models:/{name}/1", None)
    assert service.serves(f"models:/{name}/1")
    assert service.get("/ready").ok


def test_a_version_that_fails_on_its_input_example_is_not_served(client, name, service, back_to_1):
    client.set_registered_model_alias(name, "champion", "3")
    service.tell(name)
    service.wait_for(lambda: service.status()["problem"])
    status = service.status()
    assert status["problem"].startswith(f"models:/{name}/3 is not served: ")
    assert (status["serves"], status["alias_means"]) == (f"models:/{name}/1", "3")
    assert service.serves(f"models:/{name}/1")


def test_status_and_metrics_name_the_version_served(service, name):
    uri = f"models:/{name}/1"
    service.ask(GOOD)
    status = service.status()
    assert (status["follows"], status["serves"]) == (f"models:/{name}@champion", uri)
    metrics = service.get("/metrics").text
    assert f'serving_requests_total{{model="{uri}",status="200"}}' in metrics
    assert f'serving_model_loaded_timestamp_seconds{{model="{uri}"}}' in metrics


def test_the_registry_tries_a_delivery_four_times_within_seconds_and_then_gives_up(client):
    came = []

    class Refuses(BaseHTTPRequestHandler):
        def do_POST(self):
            came.append(self.headers["X-MLflow-Delivery-Id"])
            self.send_error(503)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer((own_address(), 0), Refuses) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = "http://{}:{}/".format(*server.server_address)
        events = ["model_version_alias.created"]
        webhook = client.create_webhook("test", url, events, secret=secrets.token_urlsafe())
        began = time.monotonic()
        try:
            assert not client.test_webhook(webhook.webhook_id).success
        finally:
            client.delete_webhook(webhook.webhook_id)
            server.shutdown()
    assert (len(came), len(set(came))) == (4, 1)
    assert 2 < time.monotonic() - began < 15


def test_there_is_no_webhook_for_a_stage():
    assert "model_version_alias" in {entity.value for entity in WebhookEntity}
    assert not [entity for entity in WebhookEntity if "stage" in entity.value]
    assert not [action for action in WebhookAction if "transition" in action.value]


def test_the_registry_refuses_a_webhook_of_another_scheme(client):
    with pytest.raises(MlflowException) as refused:
        client.create_webhook("test", "ftp://127.0.0.1/", ["model_version_alias.created"])
    assert "Invalid webhook URL scheme: 'ftp'. Allowed schemes are: " in str(refused.value)


def test_without_a_tracking_server_the_service_keeps_serving_and_reports_it(service, name):
    # The last one: there is no way back.
    service.forwarder.cut()
    service.tell(name)
    service.wait_for(lambda: service.status()["problem"])
    assert "cannot be looked up" in service.status()["problem"]
    assert service.serves(f"models:/{name}/1")
    assert service.get("/ready").ok
