"""Serve the model version that an alias points to, and follow the alias without a restart.

    python examples/05_serving/service.py models:/iris_clf@champion --port 8080

The predictions come from MLflow's own scoring code. This service adds a thread that loads the version to which the
alias points, a webhook that wakes the thread, and three pages for operators: /ready, /status and /metrics.
"""

import argparse
import asyncio
import base64
import contextlib
import functools
import hashlib
import hmac
import json
import logging
import multiprocessing
import os
import re
import signal
import sys
import tempfile
import threading
import time
import weakref
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import mlflow
import uvicorn
from fastapi import FastAPI, Request, Response
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.models import Model
from mlflow.protos import databricks_pb2 as codes
from mlflow.pyfunc import PyFuncModel, scoring_server
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest
from starlette.requests import ClientDisconnect

# A webhook's delivery may be lost. The service therefore also looks at the alias this often.
POLL_SECONDS = 15
# While there is nothing to serve, somebody is waiting for the service to begin.
POLL_SECONDS_UNTIL_LOADED = 1
MAX_BODY_BYTES = 1024 * 1024
# The time limit of a load or a prediction. If it takes longer, the version's process ends and is started again.
MAX_SECONDS = 60
# How old a delivery may be. It is also how much the clocks of the registry and the service may differ.
WEBHOOK_WINDOW_SECONDS = 300

# The versions' processes are forked from one process that has imported these modules, so that they start quickly.
PRELOADED = [
    "fastapi",
    "mlflow.pyfunc.scoring_server",
    "mlflow.sklearn",
    "prometheus_client",
    "sklearn.pipeline",
    "skops.io",
    "uvicorn",
]

log = logging.getLogger("service")

PREDICTIONS = Counter("serving_requests", "Answers of /invocations", ["model", "status"])
REQUEST_SECONDS = Histogram("serving_request_seconds", "Time to answer /invocations")
LOADS = Counter("serving_model_loads", "Attempts to load a version", ["result"])
DELIVERIES = Counter("serving_webhook_deliveries", "Calls of /webhook", ["result"])
SERVED_SINCE = Gauge("serving_model_loaded_timestamp_seconds", "The version served", ["model"])


# ---- In the process of a version: a version's code, memory and crashes concern no other version.


def begin() -> None:
    """Prepare the process of a version."""
    # The service handles Ctrl-C and then ends this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    # If the service is killed, it cannot end this process.
    threading.Thread(target=lambda: parent.join() or os._exit(1), daemon=True).start()
    # MLflow would log a line for every bad request, and anybody can send bad requests.
    logging.getLogger("mlflow.pyfunc.scoring_server").setLevel(logging.ERROR)


@functools.cache
def loaded(path: str) -> PyFuncModel:
    """Return the model in a folder, loaded once."""
    # MLflow would compare the installed packages with those of the training. That reads the files of every package
    # and takes most of the time of a load. A gate should compare them before a version is promoted.
    return mlflow.pyfunc.load_model(path, suppress_warnings=True)


def score(path: str, body: bytes | str, content_type: str) -> scoring_server.InvocationsResponse:
    """Answer as MLflow's scoring server does. Every error becomes an answer with a status of 4xx."""
    signal.alarm(MAX_SECONDS)
    try:
        model = loaded(path)
        schema = model.metadata.get_input_schema()
        return scoring_server.invocations(body, content_type, model, schema)
    except MlflowException as error:
        scoring_error = error
    # A model may do anything. It may even exit.
    except (Exception, SystemExit) as error:
        message = f"The body cannot be read as rows for this model: {error!r}"
        scoring_error = MlflowException(message, codes.BAD_REQUEST)
    finally:
        signal.alarm(0)
    if scoring_error.get_http_status_code() >= 500:
        # Some of MLflow's errors about a body have no code, so their status would be 500.
        scoring_error = MlflowException(scoring_error.message, codes.BAD_REQUEST)
    # The stack trace would show the server's source code to every client.
    scoring_error.json_kwargs.pop("stack_trace", None)
    status = scoring_error.get_http_status_code()
    return scoring_server.InvocationsResponse(
        scoring_error.serialize_as_json(), status, "application/json"
    )


def load(path: str) -> None:
    """Load the model in a folder. Whatever goes wrong is raised as MlflowException."""
    signal.alarm(MAX_SECONDS)
    try:
        loaded(path)
    except (Exception, SystemExit) as error:
        raise MlflowException(f"{type(error).__name__}: {error}") from None
    finally:
        signal.alarm(0)


# ---- In the service.


@dataclass(frozen=True, eq=False)
class Served:
    """One model version in a process of its own. A request uses one version from its first byte to its answer."""

    uri: str
    version: ModelVersion
    home: tempfile.TemporaryDirectory
    path: str
    process: ProcessPoolExecutor
    # What the model was logged with, as the JSON text that a client would send; None without one.
    example: str | None
    since: datetime = field(default_factory=lambda: datetime.now(UTC))

    def score(
        self, body: bytes | str, content_type: str
    ) -> Future[scoring_server.InvocationsResponse]:
        """Ask the version to score a body. The future raises BrokenProcessPool if the version's process died."""
        return self.process.submit(score, self.path, body, content_type)

    def try_example(self) -> str | None:
        """Return what the model answers to its own input example, None without one.

        Raises MlflowException if it cannot answer, or BrokenProcessPool.
        """
        if self.example is None:
            return None
        answer = self.score(self.example, "application/json").result()
        if answer.status != 200:
            message = json.loads(answer.response)["message"]
            raise MlflowException(f"It fails on its own input example. {message}")
        return answer.response


class Follower(threading.Thread):
    """Makes sure that `served` is the version to which the alias points."""

    def __init__(self, name: str, alias: str, folder: Path, poll_seconds: float) -> None:
        """Follow `alias` of registered model `name`; versions are downloaded below `folder`."""
        super().__init__(daemon=True)
        self.name_and_alias = (name, alias)
        self.folder = folder
        self.poll_seconds = poll_seconds
        self.client = mlflow.MlflowClient()
        self.served: Served | None = None
        # The version to which the alias pointed at the last look, and what is wrong.
        self.alias_means: str | None = None
        self.problem: str | None = "The alias has not been looked at yet."
        self.moved = threading.Event()
        self.died = threading.Event()

    def run(self) -> None:
        """Look at the alias whenever a webhook reports a move, and at regular intervals."""
        while True:
            # Cleared before the look, so that a move during the look causes another look.
            self.moved.clear()
            problem = self.look()
            if problem and problem != self.problem:
                meanwhile = f"Still serving {self.served.uri}." if self.served else "Waiting."
                log.warning("%s %s", problem, meanwhile)
            self.problem = problem
            serving = self.served and not self.died.is_set()
            self.moved.wait(self.poll_seconds if serving else POLL_SECONDS_UNTIL_LOADED)

    def look(self) -> str | None:
        """Load the version to which the alias points if it is a new one. Return what is wrong, or None."""
        if self.died.is_set():
            # Use its own files: the alias may point to a broken version, or the registry may be away.
            old = self.served
            with contextlib.suppress(Exception):
                self.serve(launch(old.uri, old.version, old.home, old.path))
        name, alias = self.name_and_alias
        try:
            version = self.client.get_model_version_by_alias(name, alias)
        except MlflowException as error:
            self.alias_means = None
            return f"models:/{name}@{alias} cannot be looked up: {error.message}"
        self.alias_means = version.version
        # Compare the source, too: a model that was deleted and registered again begins at version 1 again.
        now = self.served and (self.served.version.version, self.served.version.source)
        if now == (version.version, version.source) and not self.died.is_set():
            return None
        uri = f"models:/{name}/{version.version}"
        began = time.monotonic()
        try:
            served = launch(uri, version, *download(uri, self.folder))
        except Exception as error:  # Whatever it is, the old version keeps serving.
            return not_served(uri, error)
        self.serve(served)
        log.info("Serving %s, loaded in %.2f s.", uri, time.monotonic() - began)
        return None

    def serve(self, served: Served) -> None:
        """Answer with this version from now on."""
        LOADS.labels("loaded").inc()
        SERVED_SINCE.clear()
        SERVED_SINCE.labels(served.uri).set(served.since.timestamp())
        self.served = served
        self.died.clear()


def not_served(uri: str, error: Exception) -> str:
    """Count a version that cannot be served, and return why, in one line."""
    LOADS.labels("failed").inc()
    if isinstance(error, BrokenProcessPool):
        return f"{uri} is not served: its process died, or was ended after {MAX_SECONDS} s."
    return f"{uri} is not served: {' '.join(str(error).split())}"


def download(uri: str, folder: Path) -> tuple[tempfile.TemporaryDirectory, str]:
    """Download a model version; return a temporary folder, deleted with its last reference, and the model's path."""
    home = tempfile.TemporaryDirectory(dir=folder)
    return home, mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=home.name)


def launch(uri: str, version: ModelVersion, home: tempfile.TemporaryDirectory, path: str) -> Served:
    """Load a version in a process of its own, and try it on its input example.

    Raises whatever goes wrong with it, BrokenProcessPool if the process died.
    """
    process = ProcessPoolExecutor(1, multiprocessing.get_context("forkserver"), begin)
    try:
        process.submit(load, path).result()
        example = Model.load(path).get_serving_input(path)
        served = Served(uri, version, home, path, process, example)
        served.try_example()
    except BaseException:
        process.shutdown(wait=False)
        raise
    # The process ends after the last request that uses it.
    weakref.finalize(served, process.shutdown, wait=False)
    return served


class Doorkeeper:
    """Accepts a delivery that the registry has signed: only once, and only while it is new."""

    def __init__(self, secret: str | None) -> None:
        """Without a `secret` it refuses everything."""
        self.secret = secret
        self.seen: dict[str, float] = {}

    def refusal(self, headers: dict[str, str], body: bytes) -> str | None:
        """Return why a delivery is refused, or None."""
        if not self.secret:
            return "LAB_WEBHOOK_SECRET is not set."
        names = ("x-mlflow-delivery-id", "x-mlflow-timestamp", "x-mlflow-signature")
        delivery, timestamp, signature = (headers.get(name, "") for name in names)
        if not (delivery and timestamp and signature):
            return "The delivery is not signed."
        signed = f"{delivery}.{timestamp}.".encode() + body
        digest = hmac.new(self.secret.encode(), signed, hashlib.sha256).digest()
        # In constant time, so that nobody can guess the signature byte by byte.
        if not hmac.compare_digest(b"v1," + base64.b64encode(digest), signature.encode()):
            return "The signature is wrong."
        now = time.time()
        # The timestamp is signed, so it is a number.
        if abs(now - int(timestamp)) > WEBHOOK_WINDOW_SECONDS:
            return "The delivery is too old."
        # Older deliveries are refused above, so there is no need to remember them.
        self.seen = {d: t for d, t in self.seen.items() if now - t < 2 * WEBHOOK_WINDOW_SECONDS}
        if delivery in self.seen:
            return "The delivery has been here before."
        self.seen[delivery] = now
        return None


def refusal(status: int, code: int, message: str, **headers: str) -> Response:
    """Return an answer in the form of MLflow's errors."""
    body = MlflowException(message, code).serialize_as_json()
    return Response(body, status, headers, "application/json")


async def body_of(request: Request) -> bytes | None:
    """Return the body, or None if it is larger than MAX_BODY_BYTES.

    The rest is read and thrown away. Otherwise a client that is still sending would see a broken connection.
    """
    body, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= MAX_BODY_BYTES:
            body += chunk
    return bytes(body) if size <= MAX_BODY_BYTES else None


TOO_LARGE = f"The body is larger than {MAX_BODY_BYTES} bytes. Send fewer rows at a time."


def build(follower: Follower, doorkeeper: Doorkeeper) -> FastAPI:
    """Return the application: MLflow's scoring routes, and those of the operator and of the registry."""
    # FastAPI's own pages are left out, because they load scripts from other servers.
    app = FastAPI(openapi_url=None)

    @app.exception_handler(ClientDisconnect)
    async def gone(request: Request, error: Exception) -> Response:
        # Nobody reads this response. Without it the log would show an error of the service.
        return Response(status_code=400)

    @app.post("/invocations")
    async def invocations(request: Request) -> Response:
        with REQUEST_SECONDS.time():
            # Read once, because the header must name the version that answers even if the alias moves meanwhile.
            served = follower.served
            answer = await predict(request, served)
            uri = served.uri if served else "none"
            answer.headers["X-Model-URI"] = uri
        PREDICTIONS.labels(uri, answer.status_code).inc()
        return answer

    async def predict(request: Request, served: Served | None) -> Response:
        body = await body_of(request)
        if body is None:
            return refusal(413, codes.BAD_REQUEST, TOO_LARGE)
        if served is None:
            message = f"There is no model yet. {follower.problem}"
            return refusal(503, codes.TEMPORARILY_UNAVAILABLE, message, **{"Retry-After": "1"})
        try:
            content_type = request.headers.get("content-type", "")
            scored = await asyncio.wrap_future(served.score(body, content_type))
        except BrokenProcessPool:
            # Only if this version is still served. Another one may have replaced it.
            if served is follower.served:
                follower.died.set()
                follower.moved.set()
            message = f"The process of {served.uri} died, and is started again."
            return refusal(503, codes.TEMPORARILY_UNAVAILABLE, message, **{"Retry-After": "1"})
        return Response(scored.response, scored.status, media_type=scored.mimetype)

    @app.get("/ping")
    @app.get("/health")
    async def ping() -> Response:
        return Response("\n", 200 if follower.served else 404, media_type="application/json")

    @app.get("/version")
    async def version() -> Response:
        return Response(mlflow.__version__, media_type="application/json")

    @app.get("/ready")
    async def ready() -> Response:
        served = follower.served
        if served is None:
            return refusal(503, codes.TEMPORARILY_UNAVAILABLE, str(follower.problem))
        try:
            answer = await asyncio.to_thread(served.try_example)
        except (MlflowException, BrokenProcessPool) as error:
            message = f"{served.uri} does not answer. {error}"
            return refusal(503, codes.TEMPORARILY_UNAVAILABLE, message)
        return Response(answer or "{}", media_type="application/json")

    @app.get("/status")
    async def status() -> dict[str, object]:
        served = follower.served
        name, alias = follower.name_and_alias
        return {
            "follows": f"models:/{name}@{alias}",
            "alias_means": follower.alias_means,
            "serves": served.uri if served else None,
            "source": served.version.source if served else None,
            "run_id": served.version.run_id if served else None,
            "loaded": served.since.isoformat(timespec="milliseconds") if served else None,
            "tried_on_its_example": bool(served and served.example),
            "problem": follower.problem,
            "webhook": bool(doorkeeper.secret),
        }

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    @app.post("/webhook")
    async def webhook(request: Request) -> Response:
        body = await body_of(request)
        if body is None:
            return refusal(413, codes.BAD_REQUEST, TOO_LARGE)
        if problem := doorkeeper.refusal(dict(request.headers), body):
            DELIVERIES.labels("refused").inc()
            return refusal(401, codes.UNAUTHENTICATED, problem)
        DELIVERIES.labels("accepted").inc()
        data = json.loads(body).get("data", {})
        concerns_this_alias = (data.get("name"), data.get("alias")) == follower.name_and_alias
        if concerns_this_alias:
            follower.moved.set()
        return Response(json.dumps({"looks": concerns_this_alias}), media_type="application/json")

    return app


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model", nargs="?", default="models:/iris_clf@champion")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument(
        "--poll",
        type=float,
        default=POLL_SECONDS,
        metavar="SECONDS",
        help="how often to look at the alias, whether a webhook reports a move or not",
    )
    arguments = parser.parse_args()
    # The client needs the name and the alias, and so do the registry's deliveries. MLflow has no public function that
    # splits a URI.
    uri_parts = re.fullmatch(r"models:/([^/:@]+)@([^/:@]+)", arguments.model)
    if not uri_parts:
        parser.error(
            f"{arguments.model} has no alias to follow. Give it as models:/<name>@<alias>."
        )
    logging.basicConfig(format="%(asctime)s %(message)s")
    log.setLevel(logging.INFO)
    # Without an address MLflow would write to a file mlflow.db in this folder, and give no warning.
    mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
    # uvicorn answers the open requests and then raises the signal again. As an exception, it lets the files be deleted.
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, lambda *_: sys.exit())
    multiprocessing.set_forkserver_preload(PRELOADED)
    with tempfile.TemporaryDirectory(prefix="served-") as folder:
        follower = Follower(*uri_parts.groups(), Path(folder), arguments.poll)
        follower.start()
        app = build(follower, Doorkeeper(os.environ.get("LAB_WEBHOOK_SECRET")))
        # The service answers the open requests before it ends.
        uvicorn.run(
            app,
            host=arguments.host,
            port=arguments.port,
            log_level="warning",
            timeout_graceful_shutdown=10,
        )


if __name__ == "__main__":
    main()
