"""The servers that a lesson's scripts call: the lab starts them before the scripts and stops them afterwards.

A lesson that needs some lists them in .lesson/services.toml. A drill lists them in .drill/services.toml in the same
form, and lab/drill_services.py runs them.

    # Optional: a command that the lab runs to its end before it starts the servers.
    prepare = "python tutorial/05_serving/baseline.py"

    # One table for each server. The lab adds --host and --port to the command.
    [[services]]
    command = "mlflow models serve -m models:/iris_served@champion --env-manager local"
    # The environment variable with the server's address, and the address if the variable is not set.
    variable = "LAB_MODELS_SERVE"
    address = "http://127.0.0.1:8081"
    # The page that answers 200 when the server is ready.
    ready = "/ping"
"""

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from rich.console import Console
from rich.markup import escape

from lab.errors import LabError
from lab.lessons import Lesson
from lab.processes import signal_group

START_SECONDS = 180
STOP_SECONDS = 15


@dataclass(frozen=True)
class Service:
    """A server that a lesson needs."""

    command: str
    variable: str
    default_address: str
    ready: str

    @property
    def address(self) -> str:
        """Its address, such as http://127.0.0.1:8080, without a slash at the end."""
        return os.environ.get(self.variable) or self.default_address

    @property
    def host_and_port(self) -> tuple[str, int]:
        """Where it listens."""
        parts = urlsplit(self.address)
        return parts.hostname or "127.0.0.1", parts.port or 80

    @property
    def whole_command(self) -> str:
        """The command with the host and the port."""
        host, port = self.host_and_port
        return f"{self.command} --host {host} --port {port}"

    def is_ready(self) -> bool:
        """Tell whether it can be used. No proxy is asked for the way to this machine."""
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with direct.open(self.address + self.ready, timeout=10) as response:
                return bool(response.status == 200)
        except (OSError, urllib.error.URLError):
            return False


@dataclass(frozen=True)
class Description:
    """What a lesson's .lesson/services.toml describes."""

    prepare: str | None
    services: list[Service]


def description(lesson: Lesson) -> Description:
    """Return what the lesson needs; without the file it needs nothing."""
    return read(lesson.support / "services.toml")


def read(file: Path) -> Description:
    """Return what a services.toml describes; without the file nothing is needed."""
    if not file.exists():
        return Description(None, [])
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    services = [
        Service(entry["command"], entry["variable"], entry["address"], entry["ready"])
        for entry in content["services"]
    ]
    return Description(content.get("prepare"), services)


@contextmanager
def running(
    lesson: Lesson, console: Console, shared: bool = False
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Run the lesson's servers for as long as the context lasts, and say on `console` what is being waited for.

    With `shared`, scripts in other terminals of this lab use the same servers. `lab serve` does this.

    Yields the servers' processes: none if the lesson needs no server, or if shared ones run already. Raises
    LabError if they cannot be started.
    """
    needed = description(lesson)
    if not needed.services:
        yield []
        return
    folder = Path(os.environ.get("LAB_OUTPUT", "output")) / lesson.name / "services"
    # Another lab on this machine may listen at the same addresses, and a container of this lab has its own.
    owner = folder / f"running-on-{socket.gethostname()}"
    if owner.exists() and all(service.is_ready() for service in needed.services):
        console.print(
            f"The servers of lesson {lesson.short_number} run already, in another terminal."
        )
        yield []
        return
    for service in needed.services:
        check_port(service)
    folder.mkdir(parents=True, exist_ok=True)
    processes: list[subprocess.Popen[bytes]] = []
    with ended_by_signals():
        try:
            start(lesson, needed, folder, processes, console)
            if shared:
                owner.touch()
            yield processes
        finally:
            if shared:
                owner.unlink(missing_ok=True)
            console.print(f"Stopping the servers of lesson {lesson.short_number} …")
            stop(processes)


def serve(lesson: Lesson, console: Console) -> None:
    """Run the lesson's servers until Ctrl-C. Raises LabError if there is nothing to run, or if a server ends."""
    services = description(lesson).services
    if not services:
        raise LabError(
            f"Lesson {lesson.short_number} needs no server. Run it: lab run {lesson.short_number}"
        )
    with suppress(KeyboardInterrupt), running(lesson, console, shared=True) as processes:
        if not processes:
            return
        console.print(
            "Ready. Leave this running, and go on in another terminal, or in a notebook if this is a terminal "
            "of JupyterLab. Ctrl-C stops the servers.",
            soft_wrap=True,
        )
        while all(process.poll() is None for process in processes):
            time.sleep(0.3)
        ended = [
            service.command
            for service, process in zip(services, processes, strict=True)
            if process.poll() is not None
        ]
        raise LabError(f"`{ended[0]}` has ended. Start it again: lab serve {lesson.short_number}")


def start(
    lesson: Lesson,
    needed: Description,
    folder: Path,
    processes: list[subprocess.Popen[bytes]],
    console: Console,
) -> None:
    """Prepare, start the servers, add their processes to `processes`, and wait until all of them are ready."""
    began = time.monotonic()
    count = len(needed.services)
    console.print(
        f"Lesson {lesson.short_number} calls {count} server{'s' if count > 1 else ''}. "
        "The lab starts them and stops them at the end."
    )
    if needed.prepare:
        log = folder / "prepare.log"
        console.print(f"$ {escape(needed.prepare)}", soft_wrap=True)
        with console.status("Waiting for this command to end …"), log.open("wb") as output:
            status = subprocess.run(
                shlex.split(needed.prepare),
                cwd=lesson.root,
                env=environment(),
                stdout=output,
                stderr=subprocess.STDOUT,
            ).returncode
        if status != 0:
            raise LabError(f"`{needed.prepare}` failed. It printed:\n{end_of(log)}")
    logs = [folder / f"server-{number}.log" for number in range(1, count + 1)]
    for service, log in zip(needed.services, logs, strict=True):
        console.print(f"$ {escape(service.whole_command)}", soft_wrap=True)
        processes.append(launch(service, lesson.root, log))
    for service, process, log in zip(needed.services, processes, logs, strict=True):
        wait_for(service, process, log, console)
    console.print(f"Ready after {time.monotonic() - began:.1f} s.\n")


def environment() -> dict[str, str]:
    """Return the environment of the servers: programs are looked for beside this Python first."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return os.environ | {"PATH": path}


def launch(service: Service, root: Path, log: Path) -> subprocess.Popen[bytes]:
    """Start a server in the folder `root`, and return its process. It writes to `log`."""
    with log.open("wb") as output:
        return subprocess.Popen(
            shlex.split(service.whole_command),
            cwd=root,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # A group of its own: `mlflow models serve` starts another process, which has to end with it, and
            # Ctrl-C is for the lab, which then stops the servers in order.
            start_new_session=True,
        )


def wait_for(
    service: Service, process: subprocess.Popen[bytes], log: Path, console: Console
) -> None:
    """Return when the server is ready. Raises LabError with the end of its log if it ends, or is too slow."""
    deadline = time.monotonic() + START_SECONDS
    with console.status(f"Waiting for {service.address}{service.ready} …"):
        while not service.is_ready():
            if process.poll() is not None:
                raise LabError(f"`{service.command}` ended while it started:\n{end_of(log)}")
            if time.monotonic() > deadline:
                raise LabError(
                    f"`{service.command}` does not answer after {START_SECONDS} s. "
                    f"Its log ends with:\n{end_of(log)}"
                )
            time.sleep(0.1)
    # Another server may have taken the port, and answers in its place.
    if process.poll() is not None:
        raise LabError(f"`{service.command}` ended while it started:\n{end_of(log)}")


def check_port(service: Service) -> None:
    """Raise LabError if another program has the server's port."""
    host, port = service.host_and_port
    with socket.socket() as probe:
        # Servers do the same. A port that still waits for late packets of a stopped server is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise LabError(
                f"Port {port} cannot be used ({error.strerror}), and a server of this lesson needs it.\n"
                "If the lesson runs in another terminal, stop it there with Ctrl-C. If another program uses the "
                f"port, choose another one: export {service.variable}=http://{host}:{port + 1000}"
            ) from None


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let a closed terminal (SIGHUP) and SIGTERM end this program in order, so that it stops what it started."""

    def leave(number: int, frame: FrameType | None) -> None:
        sys.exit(128 + number)

    # nohup lets a program ignore SIGHUP: that stays.
    handled = [
        number
        for number in (signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) != signal.SIG_IGN
    ]
    previous = {number: signal.signal(number, leave) for number in handled}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def stop(processes: list[subprocess.Popen[bytes]]) -> None:
    """Stop the servers and the processes that they started, whatever the user presses meanwhile."""
    impatient = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    previous = {number: signal.signal(number, signal.SIG_IGN) for number in impatient}
    try:
        for process in processes:
            signal_group(process.pid, signal.SIGTERM)
        for process in processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=STOP_SECONDS)
            # What is left of the group, and a server that did not listen.
            signal_group(process.pid, signal.SIGKILL)
            process.wait()
            wait_for_end_of_group(process)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def wait_for_end_of_group(process: subprocess.Popen[bytes]) -> None:
    """Wait, for a second at most, until the processes that were killed have released their ports."""
    deadline = time.monotonic() + 1
    # 0 is no signal: it only asks.
    while signal_group(process.pid, 0) and time.monotonic() < deadline:
        time.sleep(0.01)


def end_of(log: Path) -> str:
    """Return the last lines of a log."""
    text = log.read_text(encoding="utf-8", errors="replace")
    return "\n".join(text.strip().splitlines()[-8:])
