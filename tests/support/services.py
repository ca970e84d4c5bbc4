"""Services that tests start, the registry that they follow, and clients that ask them all the time."""

import base64
import contextlib
import hashlib
import hmac
import json
import re
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import requests
from sklearn.datasets import load_iris

from tests.support.labs import ROOT, Lab, free_ports

SCRIPT = "examples/05_serving/service.py"
IRIS = load_iris(as_frame=True).data
# One flower of each species.
ROWS = IRIS.iloc[[0, 60, 149]].to_dict("split", index=False)
BODY = json.dumps({"dataframe_split": ROWS})
# What kills the process of the version that is called deadly, and what it raises an error for.
DEATH, GIANT = (
    json.dumps({"dataframe_split": ROWS | {"data": [[cm] * 4]}}) for cm in (-1.0, 100.0)
)
JSON = {"Content-Type": "application/json"}


def http() -> requests.Session:
    """Return a session that asks no proxy for this machine."""
    session = requests.Session()
    session.trust_env = False
    return session


def wait_until(true: Callable[[], bool], seconds: float, why: Callable[[], str]) -> float:
    """Wait for something to become true and return how long it took; fail, saying why, if it does not."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() < began + seconds, why()
        time.sleep(0.005)
    return time.monotonic() - began


@dataclass
class Registry:
    """A lab's registry over HTTP, with the versions of one model that tests.inside.serving_versions registered."""

    url: str
    name: str
    versions: dict[str, str]

    def call(self, method: str, path: str, **arguments: str) -> None:
        """Call MLflow's REST API."""
        url = f"{self.url}/api/2.0/mlflow/{path}"
        answer = http().request(method, url, json={"name": self.name} | arguments, timeout=30)
        assert answer.ok, answer.text

    def move(self, what: str, alias: str = "champion") -> None:
        """Let the alias mean a version."""
        version = self.versions[what]
        self.call("POST", "registered-models/alias", alias=alias, version=version)

    def remove(self, alias: str = "champion") -> None:
        """Delete the alias."""
        self.call("DELETE", "registered-models/alias", alias=alias)

    def uri(self, what: str) -> str:
        """Return the URI of a version, as the service names it."""
        return f"models:/{self.name}/{self.versions[what]}"


@dataclass
class Service:
    """A running service: where tests reach it, where the lab does, what signs its webhook."""

    url: str
    inner_url: str
    secret: str
    session: requests.Session = field(default_factory=http, kw_only=True)

    def get(self, path: str) -> requests.Response:
        """Get one of its pages."""
        return self.session.get(self.url + path, timeout=30)

    def ask(self, body: str | bytes = BODY, **headers: str) -> requests.Response:
        """Ask for predictions, of the three flowers if nothing else is given."""
        url = f"{self.url}/invocations"
        return self.session.post(url, data=body, headers=headers or JSON, timeout=30)

    def status(self) -> dict:
        """Return what it says of itself."""
        return self.get("/status").json()

    def until(self, **wanted: object) -> float:
        """Wait until its status is as wanted, at most two polls; return how long it took."""
        return wait_until(
            lambda: wanted.items() <= self.status().items(), 40, lambda: str(self.status())
        )

    def problem(self) -> str:
        """Wait until it reports a problem and return it."""
        # What it says before its first look, which may take a while, is none.
        none = (None, "The alias has not been looked at yet.")
        wait_until(lambda: self.status()["problem"] not in none, 40, lambda: str(self.status()))
        return self.status()["problem"]

    def knock(self) -> None:
        """Tell it to look at the alias, signed as the registry signs."""
        name, alias = re.fullmatch(r"models:/(.*)@(.*)", self.status()["follows"]).groups()
        body = json.dumps({"data": {"name": name, "alias": alias}})
        delivery, now = str(uuid.uuid4()), str(int(time.time()))
        signed = f"{delivery}.{now}.{body}".encode()
        digest = hmac.new(self.secret.encode(), signed, hashlib.sha256).digest()
        headers = {
            "X-MLflow-Delivery-Id": delivery,
            "X-MLflow-Timestamp": now,
            "X-MLflow-Signature": f"v1,{base64.b64encode(digest).decode()}",
        }
        answer = self.session.post(f"{self.url}/webhook", data=body, headers=headers, timeout=30)
        assert answer.json() == {"looks": True}, answer.text


@dataclass(frozen=True)
class Answer:
    """An answer to a client: which version it names, and when it was asked for."""

    asked: float
    by: str
    predictions: list[int]

    def is_by_whom_it_says(self) -> bool:
        """Tell whether the predictions for ROWS are those of the version named."""
        number = int(self.by.rpartition("/")[2])
        # The versions made of code know no species.
        right = [10 * number, 10 * number + 1, 10 * number + 2], [10 * number] * 3
        return self.predictions in right


class Clients:
    """Eight clients that ask without a pause; what they got is kept."""

    def __init__(self, service: Service) -> None:
        """Ask `service`."""
        self.service = service
        self.answers: list[Answer] = []
        self.failures: list[object] = []
        self.enough = threading.Event()
        self.threads = [threading.Thread(target=self.keep_asking) for _ in range(8)]

    def keep_asking(self) -> None:
        """Ask until told to stop, on one connection."""
        url, session = f"{self.service.url}/invocations", http()
        while not self.enough.is_set():
            asked = time.monotonic()
            try:
                answer = session.post(url, data=BODY, headers=JSON, timeout=30)
            except requests.RequestException as error:
                self.failures.append(error)
                continue
            if answer.status_code == 200:
                by, predictions = answer.headers["X-Model-URI"], answer.json()["predictions"]
                self.answers.append(Answer(asked, by, predictions))
            else:
                self.failures.append((answer.status_code, answer.text))

    def __enter__(self) -> "Clients":
        """Start asking."""
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop asking."""
        self.enough.set()
        for thread in self.threads:
            thread.join()

    def until(self, uri: str) -> float:
        """Wait for an answer by this version to a question asked from now on; return how long it took."""
        now = time.monotonic()
        return wait_until(
            # Late answers to older questions come in between; the latest hundred are enough.
            lambda: any(a.by == uri and a.asked > now for a in self.answers[-100:]),
            40,
            lambda: f"{self.service.status()} {self.failures[:3]}",
        )

    def assert_served(self, *uris: str) -> None:
        """Assert that no request failed, and that each was answered by the version it names, one of these."""
        assert self.failures == [], f"{len(self.failures)} failed: {self.failures[:3]}"
        assert {answer.by for answer in self.answers} == set(uris)
        wrong = [answer for answer in self.answers if not answer.is_by_whom_it_says()]
        assert wrong == [], f"{len(wrong)} by another version than they name: {wrong[:3]}"


@dataclass
class ProcessService(Service):
    """A service in a process on this machine, as in the embedded mode."""

    process: subprocess.Popen
    log_file: Path

    def log(self) -> str:
        """Return what it printed."""
        return self.log_file.read_text()

    def kill(self) -> None:
        """Kill the service, and nothing that it started."""
        self.process.kill()
        self.process.wait()

    def processes(self) -> list[str]:
        """Return the processes that it and those it started are."""
        listed = subprocess.run(
            ["ps", "-ww", "-A", "-o", "pgid=,pid=,args="], text=True, capture_output=True
        )
        group = str(self.process.pid)
        return [line for line in listed.stdout.splitlines() if line.split()[0] == group]


@dataclass
class ContainerService(Service):
    """A service in a container, as in the stack."""

    container: str

    def docker(self, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run docker; `typed` goes to its standard input."""
        return subprocess.run(["docker", *words], input=typed, text=True, capture_output=True)

    def log(self) -> str:
        """Return what it printed."""
        return self.docker("logs", self.container).stderr

    def kill(self) -> None:
        """Kill the service, and nothing that it started."""
        script = (ROOT / "tests" / "inside" / "kill_processes.py").read_text()
        python = ["exec", "--interactive", self.container, "python", "-", "python", "service.py"]
        killed = self.docker(*python, typed=script)
        assert killed.returncode == 0, killed.stderr

    def processes(self) -> list[str]:
        """Return the processes that it and those it started are."""
        return self.docker("top", self.container).stdout.splitlines()[1:]


@contextlib.contextmanager
def serve(lab: Lab, model: str, folder: Path, **env: str) -> Iterator[Service]:
    """Start a service that follows `model`; in the stack as Compose describes it, in a container of its own.

    The registry does not know it, so it is told of no move.
    """
    [port] = free_ports(1)
    url, secret = f"http://127.0.0.1:{port}", uuid.uuid4().hex
    env["LAB_WEBHOOK_SECRET"] = secret
    if lab.mode == "stack":
        exports = [word for name, value in env.items() for word in ("--env", f"{name}={value}")]
        name = f"test-serving-{port}"
        options = [
            "--detach",
            "--no-deps",
            "--name",
            name,
            "--publish",
            f"127.0.0.1:{port}:8080",
            *exports,
        ]
        command = ["python", SCRIPT, model, "--host", "0.0.0.0"]  # noqa: S104
        ran = lab.compose("--profile", "serving", "run", *options, "serving", *command)
        assert ran.returncode == 0, ran.stderr
        service = ContainerService(url, f"http://{name}:8080", secret, name)
        try:
            yield answering(service)
        finally:
            service.docker("rm", "--force", name)
    else:
        log = folder / f"service-{port}.log"
        with log.open("w") as file:
            process = subprocess.Popen(
                [lab.environment()["VIRTUAL_ENV"] + "/bin/python", SCRIPT, model, "--port", port],
                cwd=ROOT,
                env=lab.environment() | env,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        try:
            yield answering(ProcessService(url, url, secret, process, log))
        finally:
            process.terminate()
            process.wait(timeout=30)


def answering(service: Service) -> Service:
    """Return the service when it answers at all, with a model or without."""

    def answers() -> bool:
        with contextlib.suppress(requests.ConnectionError):
            return service.get("/version").ok
        return False

    wait_until(answers, 60, service.log)
    return service
