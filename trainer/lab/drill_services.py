"""Start and stop the servers of a drill. They run in the background from the start of the drill to its end.

`python -m lab.drill_services NAME` runs the servers. It stops them and ends when somebody deletes the file `running` in
the folder of their logs. So no command needs a process id, which may belong to another program after a restart.
"""

import fcntl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from lab import remembered, services
from lab.drill import Drill, drills, find
from lab.errors import LabError
from lab.lessons import lab_root

LOOK_SECONDS = 0.2
# The longest time that the servers of a drill need to end.
STOP_SECONDS = 2 * services.STOP_SECONDS


def folder(drill: Drill) -> Path:
    """Return the folder with the servers' logs."""
    return remembered.output(drill.root) / drill.experiment / "services"


def marker(drill: Drill) -> Path:
    """Return the file whose deletion stops the servers."""
    return folder(drill) / "running"


@contextmanager
def lock(drill: Drill) -> Iterator[bool]:
    """Try to take the lock that running servers hold. Yield whether it was free."""
    folder(drill).mkdir(parents=True, exist_ok=True)
    with (folder(drill) / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def start(drill: Drill, console: Console) -> None:
    """Start the drill's servers in the background and wait until all of them are ready.

    Does nothing if the drill has none. Raises LabError if they do not start.
    """
    needed = drill.services
    if not needed:
        return
    stop(drill, console)
    for service in needed:
        check_port(service)
    # At a terminal, wait_for shows the address for which it waits.
    if not console.is_terminal:
        console.print("Starting the drill's service …")
    marker(drill).touch()
    for number in range(1, len(needed) + 1):
        log_of(drill, number).write_bytes(b"")
    log = folder(drill) / "services.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "lab.drill_services", drill.name],
            cwd=drill.root,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        for number, service in enumerate(needed, start=1):
            services.wait_for(service, process, log_of(drill, number), console)
    except BaseException:
        stop(drill, console)
        raise


def check_port(service: services.Service) -> None:
    """Raise LabError if another program has the server's port."""
    try:
        services.check_port(service)
    except LabError:
        host, port = service.host_and_port
        raise LabError(
            f"The drill's service needs port {port}, but cannot use it. If you have started a server on this port, "
            "stop it. If another program uses the port, choose another port: "
            f"export {service.variable}=http://{host}:{port + 1000}"
        ) from None


def log_of(drill: Drill, number: int) -> Path:
    """Return the log of a server. The first server has the number 1."""
    return folder(drill) / f"server-{number}.log"


def stop(drill: Drill, console: Console) -> None:
    """Stop the drill's servers, and wait until they have ended. Raises LabError if they do not end."""
    if not drill.services:
        return
    marker(drill).unlink(missing_ok=True)
    deadline = time.monotonic() + STOP_SECONDS
    with console.status("Stopping the drill's service …"):
        while time.monotonic() < deadline:
            with lock(drill) as is_free:
                if is_free:
                    return
            time.sleep(LOOK_SECONDS / 2)
    raise LabError("The drill's service does not end. Stop the lab and start it again: make down")


def run(drill: Drill) -> None:
    """Run the drill's servers until somebody deletes the marker, or until one of the servers ends."""
    processes: list[subprocess.Popen[bytes]] = []
    with lock(drill) as is_free, services.ended_by_signals():
        # The command that started this process may have been interrupted.
        if not is_free or not marker(drill).exists():
            return
        try:
            for number, service in enumerate(drill.services, start=1):
                processes.append(services.launch(service, drill.root, log_of(drill, number)))
            while marker(drill).exists() and all(process.poll() is None for process in processes):
                time.sleep(LOOK_SECONDS)
        finally:
            services.stop(processes)


if __name__ == "__main__":
    run(find(sys.argv[1], drills(lab_root())))
