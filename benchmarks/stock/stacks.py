"""The two stacks: starting them on empty volumes, what happened meanwhile, their memory, removing them."""

import json
import os
import re
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Self

from host.errors import LabError
from host.ports import PORTS, free_ports
from host.settings import ROOT, ensure_env_file, settings

HERE = Path(__file__).parent
UNITS = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
SETTLED, PATIENCE = 0.01, 60
# What a start consists of, one after the other; the log's lines that end the parts of MLflow's own.
# The last mark is of `mlflow server`, the one before it of the lab's server.
LOG_MARKS = {
    "packages": ("Successfully installed",),
    "schema": ("Starting gunicorn", "Security middleware enabled"),
}
SERVING = "Application startup complete"
STEPS = {
    "containers": "Compose makes network, volumes and containers",
    "stores": "Postgres and MinIO up and set up",
    "packages": "MLflow's container installs packages",
    "schema": "MLflow imported, database schema made",
    "serving": "the server's workers up (`mlflow server` imports MLflow again)",
    "noticed": "until the health check asks, and Compose returns",
}


@dataclass(frozen=True)
class Stack:
    """One of the two: its Compose project, whose name and ports are its own."""

    label: str
    project: str
    file: Path
    env: dict[str, str]

    def compose(self, *arguments: str, directory: Path | None = None) -> str:
        """Run `docker compose` on this stack, or on a copy of its files; return what it prints. Raises LabError."""
        file = directory / self.file.name if directory else self.file
        command = ["docker", "compose", "--project-name", self.project, "--file", str(file)]
        done = subprocess.run(
            [*command, *arguments], env=os.environ | self.env, text=True, capture_output=True
        )
        if done.returncode != 0:
            raise LabError(f"docker compose {' '.join(arguments)}: {done.stderr.strip()[-1500:]}")
        return done.stdout

    def execute(self, service: str, *arguments: str, **env: str) -> str:
        """Run a command in a service's container; return what it prints. Raises LabError."""
        # Names only, so that no secret is in a command line.
        exports = [word for name in env for word in ("--env", name)]
        command = ["docker", "exec", *exports, self.container(service), *arguments]
        done = subprocess.run(command, env=os.environ | env, text=True, capture_output=True)
        if done.returncode != 0:
            raise LabError(f"{' '.join(arguments)}: {done.stderr.strip()[-1500:]}")
        return done.stdout

    @property
    def address(self) -> str:
        """The MLflow server's address on this machine."""
        return f"http://127.0.0.1:{self.env['MLFLOW_PORT']}"

    def container(self, service: str) -> str:
        """Return the id of a service's container."""
        return self.compose("ps", "--quiet", service).strip()

    def start(self) -> dict[str, float]:
        """Start it as far as a healthy MLflow server; return the seconds of each of STEPS, which add up."""
        began = time.time()
        with self._events(began) as events:
            self.compose("up", "--detach", "--wait", "--no-build", "mlflow")
            ended = time.time()
        first = min(at for action, _, at in events if action == "start")
        started = next(
            at for action, service, at in events if (action, service) == ("start", "mlflow")
        )
        log = self._log("mlflow")
        ends = {"containers": first, "stores": started}
        for step, marks in LOG_MARKS.items():
            times = [at for at, line in log if any(mark in line for mark in marks)]
            ends[step] = max(times, default=started)
        # As soon as one worker serves the server answers.
        ends["serving"] = min(at for at, line in log if SERVING in line)
        ends["noticed"] = ended
        seconds, previous = {}, began
        for step, end in ends.items():
            seconds[step] = end - previous
            previous = end
        return seconds

    @contextmanager
    def _events(self, since: float) -> Iterator[list[tuple[str, str, float]]]:
        """Collect when the project's containers start: (action, service, time)."""
        command = [
            "docker", "events", "--since", str(since), "--format", "{{json .}}", "--filter", "event=start",
            "--filter", f"label=com.docker.compose.project={self.project}",
        ]  # fmt: skip
        events: list[tuple[str, str, float]] = []
        with subprocess.Popen(command, text=True, stdout=subprocess.PIPE) as stream:
            try:
                yield events
            finally:
                stream.terminate()
            for line in stream.stdout or []:
                event = json.loads(line)
                service = event["Actor"]["Attributes"]["com.docker.compose.service"]
                events.append((event["Action"], service, event["timeNano"] / 1e9))

    def _log(self, service: str) -> list[tuple[float, str]]:
        """Return a service's log with the time of each line."""
        command = ["docker", "logs", "--timestamps", self.container(service)]
        log = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        lines = (line.partition(" ") for line in log.stdout.splitlines())
        return [(datetime.fromisoformat(at).timestamp(), text) for at, _, text in lines]

    def settled_memory(self) -> dict[str, float]:
        """Return each service's memory in bytes, as soon as three readings in succession agree within 1 %."""
        names = {}
        for line in self.compose("ps", "--format", "json").splitlines():
            container = json.loads(line)
            names[container["Name"]] = container["Service"]
        began, sums = time.monotonic(), []
        while True:
            command = [
                "docker",
                "stats",
                "--no-stream",
                "--format",
                "{{.Name}} {{.MemUsage}}",
                *names,
            ]
            read = subprocess.run(command, text=True, capture_output=True, check=True).stdout
            memory = {}
            for line in read.splitlines():
                name, _, usage = line.partition(" ")
                memory[names[name]] = bytes_of(usage)
            sums.append(sum(memory.values()))
            last = sums[-3:]
            steady = len(last) == 3 and max(last) - min(last) < SETTLED * statistics.mean(last)
            if steady or time.monotonic() - began > PATIENCE:
                return memory
            time.sleep(2)

    def remove(self, *more: str) -> None:
        """Stop it, and delete its containers, networks and volumes."""
        self.compose(
            "--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "3", *more
        )


class MemoryWatch:
    """A container's memory while something is done: what processes and tmpfs hold, not what files are cached."""

    # Where the kernel tells it, with control groups of version 2 or 1; they name it differently.
    LOOP = (
        "while sleep 0.1; do cat /sys/fs/cgroup/memory.stat /sys/fs/cgroup/memory/memory.stat; "
        "echo; done 2>/dev/null"
    )

    def __init__(self, container: str) -> None:
        """Watch nothing yet."""
        self.readings: list[tuple[float, float]] = []
        self._command = ["docker", "exec", container, "sh", "-c", self.LOOP]

    def __enter__(self) -> Self:
        """Begin."""
        self._loop = subprocess.Popen(self._command, text=True, stdout=subprocess.PIPE)
        self._thread = threading.Thread(target=self._read)
        self._thread.start()
        return self

    def _read(self) -> None:
        held = 0
        for line in self._loop.stdout or []:
            name, _, value = line.strip().partition(" ")
            if name in ("anon", "rss", "shmem"):
                held += int(value)
            elif not name:
                self.readings.append((time.time(), held))
                held = 0

    def __exit__(self, *_: object) -> None:
        """End; the loop in the container does when it cannot write any more."""
        self._loop.kill()
        self._loop.wait()
        self._thread.join()

    def peak(self, since: float, until: float) -> float | None:
        """Return the highest reading of a time, in bytes; None where it was too short for one."""
        return max((value for at, value in self.readings if since <= at <= until), default=None)


def bytes_of(usage: str) -> float:
    """Return the first amount in what `docker stats` says of memory, as 1.5GiB / 8GiB, in bytes."""
    number_and_unit = re.search(r"([\d.]+)([KMG]?i?B) /", usage)
    if not number_and_unit:
        raise LabError(f"docker stats says {usage!r}, which is no amount of memory.")
    return float(number_and_unit[1]) * UNITS[number_and_unit[2]]


def both() -> tuple[Stack, Stack]:
    """Return the lab's stack and MLflow's, each a project of its own beside the learner's."""
    ensure_env_file()
    name = f"{settings()['COMPOSE_PROJECT_NAME']}-bench"
    names = [entry.setting for entry in PORTS if entry.profile is None]
    *ports, stock_port = free_ports(len(names) + 1)
    lab = Stack(
        "lab",
        name,
        ROOT / "docker-compose.yml",
        settings() | {"COMPOSE_PROJECT_NAME": name} | dict(zip(names, ports, strict=True)),
    )
    stock = Stack(
        "stock",
        f"{name}-stock",
        HERE / "docker-compose.yml",
        {"MLFLOW_PORT": stock_port, "MLFLOW_VERSION": version("mlflow")},
    )
    return lab, stock
