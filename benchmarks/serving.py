"""Measure examples/05_serving/service.py beside `mlflow models serve`, and how soon it follows an alias.

    python benchmarks/serving.py

Prints two Markdown tables. Run it inside the lab, as make bench does. It registers a model of its own
and removes it at the end.
"""

import asyncio
import contextlib
import datetime
import io
import json
import os
import platform
import secrets
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import mlflow
import requests
import sklearn
from mlflow import MlflowClient
from mlflow.models import infer_signature
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

SERVICE = Path(__file__).resolve().parent.parent / "examples" / "05_serving" / "service.py"
CLIENTS = (1, 8, 32)
# In each round each server is asked so many seconds by each number of clients.
ROUNDS, SECONDS = 3, 3
MOVES, CLIENTS_DURING_MOVES = 20, 8
# A registered model and an experiment of that name.
NAME = f"bench_serving_{secrets.token_hex(4)}"
MEASURES, SPECIES = load_iris(as_frame=True, return_X_y=True)
ROWS = MEASURES.iloc[::30]
BODY = json.dumps({"dataframe_split": ROWS.to_dict("split", index=False)})


class Load:
    """What clients got: for each answer when it was asked for, when it came, and the version it names."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.answers: list[tuple[float, float, str]] = []
        self.failures: list[str] = []
        self.stop = False

    async def ask(self, session: aiohttp.ClientSession, url: str) -> None:
        """Ask without a pause until told to stop."""
        while not self.stop:
            sent = time.perf_counter()
            async with session.post(url, data=BODY) as answer:
                text = await answer.text()
            received = time.perf_counter()
            if answer.status == 200:
                self.answers.append((sent, received, answer.headers.get("X-Model-URI", "")))
            else:
                self.failures.append(text)


@contextlib.asynccontextmanager
async def asking(address: str, count: int) -> AsyncIterator[Load]:
    """Let `count` clients ask a server, each on a connection that it keeps."""
    load, headers = Load(), {"Content-Type": "application/json"}
    async with aiohttp.ClientSession(headers=headers) as session:
        url = f"http://{address}/invocations"
        tasks = [asyncio.create_task(load.ask(session, url)) for _ in range(count)]
        try:
            yield load
        finally:
            load.stop = True
            await asyncio.gather(*tasks)
    if load.failures:
        sys.exit(f"{len(load.failures)} requests to {address} failed: {load.failures[0]}")


async def speed(address: str, count: int) -> list[float]:
    """Return requests per second, and the median and the 99th percentile of their times in ms."""
    async with asking(address, count) as load:
        await asyncio.sleep(SECONDS)
    hundredths = statistics.quantiles(
        [received - sent for sent, received, _ in load.answers], n=100
    )
    return [len(load.answers) / SECONDS, 1000 * hundredths[49], 1000 * hundredths[98]]


async def moves(address: str, versions: list[str]) -> dict[str, list[float]]:
    """Move the alias to and fro under load; return the ms from each call to the first answer by the new version."""
    client, milliseconds = MlflowClient(), {"promote": [], "roll back": []}
    async with asking(address, CLIENTS_DURING_MOVES) as load:
        for _ in range(MOVES):
            for direction, version in zip(milliseconds, reversed(versions), strict=True):
                called = time.perf_counter()
                await asyncio.to_thread(
                    client.set_registered_model_alias, NAME, "champion", version
                )
                milliseconds[direction].append(
                    1000 * (await first_answer(load, called, version) - called)
                )
                # So that the processes of the old version are gone.
                await asyncio.sleep(0.3)
    return milliseconds


async def first_answer(load: Load, called: float, version: str) -> float:
    """Return when the first answer came that this version gave to a question asked since the call."""
    uri = f"models:/{NAME}/{version}"
    while time.perf_counter() < called + 60:
        for sent, received, model_uri in load.answers[-100:]:
            if model_uri == uri and sent > called:
                return received
        await asyncio.sleep(0.001)
    sys.exit(f"{uri} does not answer a minute after the alias moved.")


def register(made: contextlib.ExitStack) -> list[str]:
    """Register two versions of one model; they are removed with `made`."""
    experiment = mlflow.set_experiment(NAME)
    client = MlflowClient()
    made.callback(client.delete_experiment, experiment.experiment_id)
    warnings.filterwarnings("ignore", r"Hint: Inferred schema contains integer column", UserWarning)
    versions = []
    for inverse_strength in (1.0, 0.01):
        info = mlflow.sklearn.log_model(
            LogisticRegression(C=inverse_strength, max_iter=1000).fit(MEASURES, SPECIES),
            name="model",
            signature=infer_signature(MEASURES, SPECIES),
            input_example=MEASURES.head(2),
            pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
        )
        made.callback(get_artifact_repository(info.artifact_path).delete_artifacts)
        # MLflow reports the new version on stderr.
        with contextlib.redirect_stderr(io.StringIO()):
            versions.append(mlflow.register_model(info.model_uri, NAME).version)
        if len(versions) == 1:
            made.callback(client.delete_registered_model, NAME)
    client.set_registered_model_alias(NAME, "champion", versions[0])
    return versions


def start(made: contextlib.ExitStack, command: str, address: str, secret: str) -> None:
    """Start a server and return when it predicts; it is stopped with `made`."""
    host, _, port = address.partition(":")
    log = Path(made.enter_context(tempfile.TemporaryDirectory())) / "log"
    process = subprocess.Popen(
        [*command.split(), "--host", host, "--port", port],
        env=os.environ | {"LAB_WEBHOOK_SECRET": secret},
        stdout=log.open("w"),
        stderr=subprocess.STDOUT,
        # A group of its own: MLflow's command starts another process, and that one serves.
        start_new_session=True,
    )

    def stop() -> None:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)

    made.callback(stop)
    headers = {"Content-Type": "application/json"}
    began = time.monotonic()
    while time.monotonic() < began + 90 and process.poll() is None:
        with contextlib.suppress(requests.ConnectionError):
            if requests.post(f"http://{address}/invocations", BODY, headers=headers, timeout=10).ok:
                return
        time.sleep(0.2)
    sys.exit(f"{command} does not predict. Its last words:\n{log.read_text()[-2000:]}")


def free(host: str) -> str:
    """Return an address on which nothing listens."""
    with socket.create_server((host, 0)) as server:
        return f"{host}:{server.getsockname()[1]}"


def table(
    speeds: dict[int, dict[str, list[list[float]]]], milliseconds: dict[str, list[float]]
) -> str:
    """Return what was measured as Markdown."""
    lines = [
        "| clients | `mlflow models serve`, requests/s | service.py, requests/s | ratio "
        "| p50, p99 of `mlflow models serve` | p50, p99 of service.py |",
        "|---:|---:|---:|---:|---:|---:|",
    ]
    for count, by_server in speeds.items():
        stock, ours = (
            [statistics.median(column) for column in zip(*rounds, strict=True)]
            for rounds in by_server.values()
        )
        lines.append(
            f"| {count} | {stock[0]:.0f} | {ours[0]:.0f} | {ours[0] / stock[0]:.2f} "
            f"| {stock[1]:.0f} ms, {stock[2]:.0f} ms | {ours[1]:.0f} ms, {ours[2]:.0f} ms |"
        )
    lines += ["", f"| {MOVES} moves under load | median | maximum |", "|---|---:|---:|"]
    lines += [
        f"| {direction} | {statistics.median(ms):.0f} ms | {max(ms):.0f} ms |"
        for direction, ms in milliseconds.items()
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    # Without an address MLflow would quietly write to a file mlflow.db in this folder.
    mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
    tracking = urlsplit(os.environ["MLFLOW_TRACKING_URI"])
    # The registry calls the service: at this machine's address as seen from there.
    with socket.create_connection((tracking.hostname, tracking.port)) as connection:
        stock, service = free("127.0.0.1"), free(connection.getsockname()[0])
    with contextlib.ExitStack() as made:
        print("Two versions of a model, and both servers …", file=sys.stderr, flush=True)
        versions, secret = register(made), secrets.token_urlsafe()
        serve = (
            f"mlflow models serve -m models:/{NAME}/{versions[0]} --env-manager local --workers 1"
        )
        start(made, serve, stock, secret)
        start(made, f"{sys.executable} {SERVICE} models:/{NAME}@champion", service, secret)
        webhook = MlflowClient().create_webhook(
            NAME, f"http://{service}/webhook", ["model_version_alias.created"], secret=secret
        )
        made.callback(MlflowClient().delete_webhook, webhook.webhook_id)

        servers = {"stock": stock, "service": service}
        speeds = {count: {server: [] for server in servers} for count in CLIENTS}
        for number in range(ROUNDS):
            print(
                f"Requests per second, round {number + 1} of {ROUNDS} …",
                file=sys.stderr,
                flush=True,
            )
            for count in CLIENTS:
                for server, address in servers.items():
                    speeds[count][server].append(asyncio.run(speed(address, count)))
        print(f"{MOVES} moves of the alias and back …", file=sys.stderr, flush=True)
        milliseconds = asyncio.run(moves(service, versions))
    print(
        f"{os.cpu_count()} cores, {datetime.date.today()}, Python {platform.python_version()}, "
        f"MLflow {mlflow.__version__}, mode {os.environ.get('LAB_MODE', 'unknown')}\n"
    )
    print(table(speeds, milliseconds))


if __name__ == "__main__":
    main()
