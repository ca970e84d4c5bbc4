"""A lab that tests start, beside the learner's: its settings, and how to run commands on it and in it."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from host.ports import PORTS, free_ports
from host.settings import ROOT, ensure_env_file

if TYPE_CHECKING:
    from tests.support.terminal import Terminal

# The stack: what always belongs to it, and each of its two object stores.
COMPOSE_FILES = [ROOT / "docker-compose.yml", *(ROOT / "stores").glob("*.yml")]

# Spark's Java processes live for less than a minute here. With Java's quick compiler alone, they need little
# more than half the processor time: the thorough one pays off only in longer jobs.
QUICK_COMPILER = "-XX:TieredStopAtLevel=1"
QUICK_SPARK = {
    "PYSPARK_SUBMIT_ARGS": f"--conf spark.driver.extraJavaOptions={QUICK_COMPILER} "
    f"--conf spark.executor.extraJavaOptions={QUICK_COMPILER} pyspark-shell"
}


@dataclass
class Lab:
    """A running lab: its mode, the settings that `make` and Compose get for it, and its checkout."""

    mode: str
    settings: dict[str, str]
    root: Path = ROOT
    _embedded: dict[str, str] = field(default_factory=dict)
    _profiles: set[str] = field(default_factory=set)
    # By service: a warm Python's process and the path of its socket.
    _warm: dict[str, tuple[subprocess.Popen[str], str]] = field(default_factory=dict)

    def host(
        self, *words: str, typed: str = "", **settings: str
    ) -> subprocess.CompletedProcess[str]:
        """Run what a make target runs, on the host, for this lab; `typed` answers what it asks."""
        command = [sys.executable, "-m", "host", *words]
        env = os.environ | QUICK_SPARK | {"LAB_MODE": self.mode} | self.settings | settings
        return run(command, env=env, cwd=self.root, typed=typed)

    def run(
        self,
        *words: str,
        unset: str | None = None,
        profile: str | None = None,
        typed: str = "",
        **env: str,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command inside the lab, as a learner in its shell does, or in the shell of a profile's trainer.

        `typed` goes to its standard input.
        """
        if profile and self.mode == "stack":
            self.start_profile(profile)
        command, environment = self._inside(words, env, profile or "trainer", unset)
        return run(command, env=environment, cwd=self.root, typed=typed)

    def popen(self, *words: str, service: str = "trainer", **options: Any) -> subprocess.Popen[str]:
        """Start a command inside the lab, with options of Popen; return its process, whose output is text."""
        command, environment = self._inside(words, {}, service, None)
        return subprocess.Popen(
            command,
            env=environment,
            cwd=self.root,
            text=True,
            **{"stdout": subprocess.PIPE} | options,
        )

    def terminal(self, *words: str, lines: int = 24, **env: str) -> "Terminal":
        """Start a command inside the lab in a terminal with this number of lines."""
        # This module is imported in the trainer, too, which does not have the packages of terminals.
        from tests.support.terminal import Terminal

        command, environment = self._inside(words, env, "trainer", None, has_terminal=True)
        return Terminal(command, environment, str(self.root), lines)

    def _inside(
        self,
        words: tuple[str, ...],
        env: dict[str, str],
        service: str,
        unset: str | None,
        has_terminal: bool = False,
    ) -> tuple[list[str], dict[str, str]]:
        """Return the command that runs `words` inside the lab, and its environment."""
        env = QUICK_SPARK | env
        if self.mode == "stack":
            exports = [word for name, value in env.items() for word in ("--env", f"{name}={value}")]
            without = ["env", "-u", unset] if unset else []
            terminal = [] if has_terminal else ["--no-TTY"]
            command = ["docker", "compose", "exec", *terminal, *exports, service]
            return [*command, *without, *words], os.environ | self.settings
        environment = self.environment() | env
        if unset:
            del environment[unset]
        program = shutil.which(words[0], path=environment["PATH"])
        return [program, *words[1:]], environment

    def warm(
        self, *words: str, profile: str | None = None, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a script, or "-m" and a module, as `run` runs `python`, but in a process that has imported MLflow."""
        command = [*self.warm_python(profile), *words]
        return self.run(*command, profile=profile, **env)

    def warm_python(self, profile: str | None = None) -> list[str]:
        """Return the command that takes the place of `python` where MLflow is to be imported already."""
        return ["python", "tests/inside/warm.py", self.warm_socket(profile)]

    def warm_socket(self, profile: str | None = None) -> str:
        """Return where the warm Python of a trainer listens; start it if it does not run."""
        if profile and self.mode == "stack":
            self.start_profile(profile)
        # The embedded mode has one Python for everything.
        service = (profile or "trainer") if self.mode == "stack" else "embedded"
        process, socket = self._warm.get(service, (None, ""))
        # It ends with its container, or with the tests.
        if process is None or process.poll() is not None:
            # In the container, too, whatever folder the host has for temporary files.
            socket = f"/tmp/lab-tests-{uuid4().hex}"  # noqa: S108
            command = ["python", "-m", "tests.inside.warm_python", socket]
            # Ctrl-C is for pytest, which then ends the server: it must be there to end the scripts.
            process = self.popen(
                *command, service=service, stdin=subprocess.PIPE, start_new_session=True
            )
            assert process.stdout.readline() == "ready\n"
            self._warm[service] = process, socket
        return socket

    def end_warm_python(self) -> None:
        """End the warm Pythons, which take 200 MB each. The next use starts one again."""
        for process, _ in self._warm.values():
            # To close its standard input ends the server.
            process.communicate()
        self._warm.clear()

    def script(self, name: str, *arguments: str, profile: str | None = None) -> str:
        """Run tests/inside/NAME.py inside the lab, which must succeed, and return what it prints."""
        ran = self.warm("-m", f"tests.inside.{name}", *arguments, profile=profile)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def start_profile(self, profile: str) -> None:
        """Build and start what a Compose profile adds, once; it ends with the lab."""
        if profile not in self._profiles:
            up = ["up", "--build", "--detach", "--wait"]
            started = self.compose("--profile", profile, *up)
            assert started.returncode == 0, started.stderr
            self._profiles.add(profile)

    def environment(self) -> dict[str, str]:
        """Return the environment of the embedded mode's shell."""
        if not self._embedded:
            code = "import json; from host import embedded as e; print(json.dumps(e.environment()))"
            ran = run([sys.executable, "-c", code], env=os.environ | self.settings, cwd=self.root)
            self._embedded.update(json.loads(ran.stdout))
        return self._embedded

    def compose(self, *words: str, typed: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        """Run `docker compose` on this lab; `typed` goes to its standard input."""
        command = ["docker", "compose", *words]
        return run(command, env=os.environ | self.settings | env, cwd=self.root, typed=typed)


def run(
    command: list[str], env: dict[str, str], cwd: Path = ROOT, typed: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command and keep what it prints."""
    return subprocess.run(
        command, env=env, cwd=cwd, input=typed, text=True, capture_output=True, timeout=1800
    )


def checkout_digest(root: Path = ROOT) -> str:
    """Return a part of the names of a checkout's stacks, which another checkout's do not have."""
    return hashlib.sha256(str(root).encode()).hexdigest()[:8]


def stack_settings(project: str) -> dict[str, str]:
    """Return the settings of a stack beside others: a name and ports of its own."""
    # Another checkout's tests may run on the same engine, or have been killed there and left theirs.
    names = [port.setting for port in PORTS]
    return {"COMPOSE_PROJECT_NAME": f"{project}-{checkout_digest()}"} | dict(
        zip(names, free_ports(len(names)), strict=True)
    )


@contextmanager
def only_run(kind: str, root: Path = ROOT) -> Iterator[None]:
    """End the tests if another run in this checkout has stacks of this kind, "shared" or "own".

    They have the same names, so each run would delete the other's.
    """
    lock = Path(tempfile.gettempdir(), f"mlflow-model-lab-{checkout_digest(root)}-{kind}.lock")
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pytest.exit(
                f"Another test run in {root} uses the stack. "
                "Wait until it ends, or run the tests in another clone.",
                returncode=1,
            )
        yield


def start(lab: Lab) -> None:
    """Start a lab on empty data."""
    if lab.mode == "stack":
        # What an interrupted run left behind, or a restart of the engine brought back.
        delete(lab)
    started = lab.host("up")
    assert started.returncode == 0, started.stdout + started.stderr


def delete(lab: Lab) -> None:
    """Stop a stack and delete its data and images."""
    # Compose reads the whole file, and so asks for passwords even to delete.
    ensure_env_file()
    everything = ["--volumes", "--remove-orphans", "--rmi", "local"]
    deleted = lab.compose("--profile", "*", "down", *everything)
    assert deleted.returncode == 0, deleted.stderr


def stored(lab: Lab, prefix: str = "") -> dict[str, list]:
    """Return what the lab's artifact store holds below `prefix`: [size, digest], by key."""
    return json.loads(lab.script("stored", prefix))


def assert_one_message(ran: subprocess.CompletedProcess[str], *words: str) -> None:
    """Assert that a command failed with a message that has every one of `words`, and no traceback."""
    assert ran.returncode != 0
    assert "Traceback" not in ran.stdout + ran.stderr
    for word in words:
        assert word in ran.stderr, ran.stdout + ran.stderr
