"""Labs of the tests' own, one in each mode, beside the learner's and never touching it."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODES = os.environ.get("LAB_TEST_MODES", "embedded stack").split()
PROJECT = "mlflow-model-lab-test"


def free_ports(count: int) -> list[str]:
    """Return ports on which nothing listens now."""
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [str(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


@dataclass
class Lab:
    """A running lab: its mode, and the settings that `make` and Compose get for it."""

    mode: str
    settings: dict[str, str]
    _embedded: dict[str, str] = field(default_factory=dict)

    def host(self, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run what a make target runs, on the host, for this lab."""
        command = [sys.executable, "-m", "host", *words]
        env = os.environ | {"LAB_MODE": self.mode} | self.settings | settings
        return run(command, env=env)

    def run(self, *words: str, unset: str | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command inside the lab, as a learner in its shell does."""
        if self.mode == "stack":
            exports = [word for name, value in env.items() for word in ("--env", f"{name}={value}")]
            without = ["env", "-u", unset] if unset else []
            return self.compose("exec", "--no-TTY", *exports, "trainer", *without, *words)
        if not self._embedded:
            code = "import json; from host import embedded as e; print(json.dumps(e.environment()))"
            found = run([sys.executable, "-c", code], env=os.environ | self.settings)
            self._embedded.update(json.loads(found.stdout))
        environment = self._embedded | env
        if unset:
            del environment[unset]
        program = shutil.which(words[0], path=environment["PATH"])
        return run([program, *words[1:]], env=environment)

    def compose(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run `docker compose` on this lab."""
        return run(["docker", "compose", *words], env=os.environ | self.settings | env)


def run(command: list[str], env: dict[str, str], cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a command and keep what it prints."""
    return subprocess.run(command, env=env, cwd=cwd, text=True, capture_output=True, timeout=900)


def stack_settings(project: str) -> dict[str, str]:
    """Return the settings of a stack beside others: a name and ports of its own."""
    names = ("MLFLOW_PORT", "MINIO_PORT", "MINIO_CONSOLE_PORT")
    return {"COMPOSE_PROJECT_NAME": project} | dict(zip(names, free_ports(3), strict=True))


def start(lab: Lab) -> None:
    """Start a lab on empty data."""
    if lab.mode == "stack":
        # What an interrupted run left behind, or a restart of the engine brought back.
        lab.compose("down", "--volumes", "--remove-orphans")
    started = lab.host("up")
    assert started.returncode == 0, started.stdout + started.stderr


@pytest.fixture(scope="session")
def embedded_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The lab without Docker, on a folder of its own."""
    state = str(tmp_path_factory.mktemp("embedded"))
    lab = Lab("embedded", {"LAB_STATE": state, "MLFLOW_PORT": free_ports(1)[0]})
    start(lab)
    yield lab
    lab.host("down")


@pytest.fixture(scope="session")
def stack_lab() -> Iterator[Lab]:
    """The lab on Compose, in a project of its own."""
    lab = Lab("stack", stack_settings(PROJECT))
    start(lab)
    yield lab
    lab.compose("down", "--volumes", "--remove-orphans")


@pytest.fixture(params=MODES, scope="session")
def lab(request: pytest.FixtureRequest) -> Lab:
    """The running lab, in each mode that can be had here."""
    return request.getfixturevalue(f"{request.param}_lab")


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out the stack's own tests where no engine is to be used."""
    return True if "stack" not in MODES and collection_path == ROOT / "tests" / "stack" else None
