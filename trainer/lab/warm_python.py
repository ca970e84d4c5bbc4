"""Run Python scripts in new processes that have MLflow imported already.

A server process imports MLflow once, which takes seconds, and forks a process for each script. The script
runs as `python SCRIPT` would run it: as `__main__`, with its own arguments, folder, environment and session.
Fork is safe here because the server has one thread and uses nothing of what it imports.

`python -m lab.warm_python SOCKET MODULE...` starts a server that has imported these modules. The server ends with its
standard input. With `--idle SECONDS` before the socket, it ends when it was not asked for so long, and is for all
commands of its user. lab/warm_client.py asks it to run a script.
"""

import argparse
import atexit
import gc
import importlib
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import types
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from lab import explain, warm_client
from lab.private_folder import make_private
from lab.processes import signal_group

# No thread survives a fork. MLflow's telemetry, NumPy and PyArrow would start some. The scripts have an environment of
# their own.
WITHOUT_THREADS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "OPENBLAS_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
# How often the end of a script is looked for.
POLL_SECONDS = 0.02
# How long a server needs at most to kill a script.
ANSWER_SECONDS = 10
# How long a server that commands share waits for another one. It needs 280 MB of memory.
IDLE_SECONDS = 900
# How often such a server looks whether it is still needed.
LOOK_SECONDS = 2


class WarmPython:
    """A Python that has MLflow imported. `run` is what subprocess.run is to a cold one."""

    def __init__(
        self,
        module: str = "lab.warm_python",
        modules: Iterable[str] = (),
        folder: Path | None = None,
    ) -> None:
        """Start the server, which imports `modules`, in `folder` or an empty folder, and wait until it listens.

        Raises OSError if it does not start.
        """
        self._temporary = tempfile.TemporaryDirectory()
        self.socket = f"{self._temporary.name}/socket"
        self._server = subprocess.Popen(
            [sys.executable, "-m", module, self.socket, *modules],
            # Python imports modules from the folder in which `python -m` starts.
            cwd=folder or self._temporary.name,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Ctrl-C is for the scripts' caller, which then ends the server.
            start_new_session=True,
        )
        if self._server.stdout and self._server.stdout.readline() != b"ready\n":
            self.close()
            raise OSError("The warm Python did not start.")

    def run(
        self, script: Path, cwd: Path, timeout: float | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a script, and kill it and all that it started if it takes longer than `timeout` seconds.

        Raises subprocess.TimeoutExpired, and OSError or EOFError if the server itself has ended.
        """
        with (
            Path(os.devnull).open() as stdin,
            tempfile.TemporaryFile("w+") as stdout,
            tempfile.TemporaryFile("w+") as stderr,
        ):
            streams = [stdin.fileno(), stdout.fileno(), stderr.fileno()]
            env = dict(os.environ)
            with warm_client.send(self.socket, [str(script)], str(cwd), env, streams) as connection:
                if timeout and not select.select([connection], [], [], timeout)[0]:
                    connection.shutdown(socket.SHUT_WR)
                    # The script and all that it started have been killed when the answer comes. A server that
                    # is stopped gives none.
                    connection.settimeout(ANSWER_SECONDS)
                    with suppress(TimeoutError):
                        warm_client.exit_status(connection)
                    raise subprocess.TimeoutExpired(str(script), timeout)
                returncode = warm_client.exit_status(connection)
            stdout.seek(0)
            stderr.seek(0)
            return subprocess.CompletedProcess(
                str(script), returncode, stdout.read(), stderr.read()
            )

    def close(self) -> None:
        """End the server."""
        self._server.communicate()
        self._temporary.cleanup()


class SharedPython(WarmPython):
    """A warm Python that this command shares with the commands after it, so that they need not import MLflow again."""

    def __init__(self, folder: Path, name: str, modules: Iterable[str]) -> None:
        """Use the server whose socket is `name` in a folder of this user's own. If there is none, start it.

        Raises OSError if it does not start, or if other users can enter the folder.
        """
        make_private(folder)
        self.socket = str(folder / name)
        for other in folder.iterdir():
            # A server with other packages or variables. It ends when it sees that its socket is gone.
            if other.name != name and other.is_socket():
                other.unlink(missing_ok=True)
        if not self._answers():
            self._start(modules)

    def _answers(self) -> bool:
        """Tell whether the server listens."""
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(self.socket) == 0

    def _start(self, modules: Iterable[str]) -> None:
        """Start the server and wait until it listens. Raises OSError if it does not start."""
        options = ["--idle", str(IDLE_SECONDS)]
        server = subprocess.Popen(
            [sys.executable, "-m", "lab.warm_python", *options, self.socket, *modules],
            # A folder without modules, which is not deleted.
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            # A program that reads this command's errors would wait for the server's end.
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        with server.stdout as output:  # type: ignore[union-attr]
            if output.readline() != b"ready\n":
                raise OSError("The warm Python did not start.")

    def close(self) -> None:
        """Leave the server to the next command."""


def serve(
    listener: socket.socket, is_over: Callable[[float], bool] | None = None
) -> dict[str, Any] | None:
    """Fork for each connection, until this process's standard input ends.

    With `is_over`, do so until it returns true. It gets the seconds since the latest connection.

    Returns twice, as os.fork does: None in the server at its end, and a request in each process that has
    a script to run. That process unwinds to `main` and ends like any Python, with its atexit functions.
    """
    # Nobody waits for the processes in between.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    watched = [listener] if is_over else [listener, sys.stdin]
    latest = time.monotonic()
    while True:
        ready = select.select(watched, [], [], LOOK_SECONDS if is_over else None)[0]
        if sys.stdin in ready or (is_over and not ready and is_over(time.monotonic() - latest)):
            return None
        if not ready:
            continue
        latest = time.monotonic()
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            return fork_and_report(connection)
        connection.close()


def fork_and_report(connection: socket.socket) -> dict[str, Any]:
    """Fork once more; return the request in the new process, and report how that ends from this one."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        request, fds = warm_client.receive(connection)
    except ValueError:
        # The caller was killed in the middle of its request.
        os._exit(1)
    pid = os.fork()
    if pid == 0:
        # So that what the script started can be killed with it.
        os.setsid()
        connection.close()
        for fd, stream in zip(fds, (0, 1, 2), strict=True):
            os.dup2(fd, stream)
            os.close(fd)
        return request
    for fd in fds:
        os.close(fd)
    status = wait(pid, connection)
    # A caller that was killed does not listen any more.
    with suppress(BrokenPipeError):
        connection.send(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def wait(pid: int, connection: socket.socket) -> int:
    """Wait for a process's end and return its status; kill it and what it started if the connection ends first."""
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return status
        if select.select([connection], [], [], POLL_SECONDS)[0]:
            signal_group(pid, signal.SIGKILL)
            # It may not have a group of its own yet.
            os.kill(pid, signal.SIGKILL)
            return os.waitpid(pid, 0)[1]


def execute(request: dict[str, Any]) -> None:
    """Run a script or module in this process, which is made to look like a new one."""
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    # As each start of Python does in a lab.
    explain.install()
    # Each process has its own random numbers. Python's own module sees to that itself.
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()
    # Matplotlib reads it when it is imported.
    matplotlib = sys.modules.get("matplotlib")
    if matplotlib and (backend := os.environ.get("MPLBACKEND")):
        matplotlib.rcParams["backend"] = backend
    if os.environ.get("PYTHONUNBUFFERED"):
        sys.stdout.reconfigure(write_through=True)  # type: ignore[union-attr]
    sys.argv = list(request["argv"])
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    try:
        if sys.argv[0] == "-m":
            name = sys.argv.pop(1)
            # In place of the server's own, which is first as well.
            sys.path[0] = request["cwd"]
            # What `python -m` calls.
            runpy._run_module_as_main(name)  # type: ignore[attr-defined]
        else:
            path = Path(sys.argv[0]).resolve()
            sys.path[0] = str(path.parent)
            module.__file__ = str(path)
            code = compile(path.read_bytes(), path, "exec", dont_inherit=True)
            exec(code, module.__dict__)  # noqa: S102 - python SCRIPT
    except Exception as error:
        # Without the frame of this function.
        traceback = error.__traceback__
        error = error.with_traceback(traceback and traceback.tb_next)
        sys.excepthook(type(error), error, error.__traceback__)
        sys.exit(1)


def end(code: object) -> NoReturn:
    """End this process as sys.exit(code) does, except that no module is taken apart, which takes a second."""
    if code is not None and not isinstance(code, int):
        print(code, file=sys.stderr)
    # What every Python does at its end: wait for threads, then call the functions of atexit.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def preload(modules: Iterable[str]) -> None:
    """Import modules, except modules that are not installed: a script that needs one says so itself."""
    for name in modules:
        with suppress(ImportError):
            importlib.import_module(name)


def serve_scripts(address: str, idle_seconds: float | None = None) -> NoReturn:
    """Serve at `address` until the standard input ends, then end this process. In the forked processes, run scripts.

    With `idle_seconds`, the standard input does not matter. The server ends if no connection has come for so long, or
    if the file of its socket was removed.
    """
    # What is there now is never collected, so looking for garbage does not copy its memory.
    gc.freeze()
    path = Path(address)
    with socket.socket(socket.AF_UNIX) as listener:
        # A server that was killed has left its file. Two commands may start a server at the same time.
        draft = path.with_name(f"{os.getpid()}")
        listener.bind(str(draft))
        own = draft.stat().st_ino
        listener.listen(64)
        draft.rename(path)
        # A command that was interrupted does not read it.
        with suppress(BrokenPipeError):
            os.write(1, b"ready\n")

        def is_over(idle: float) -> bool:
            return idle > (idle_seconds or 0) or inode(path) != own

        request = serve(listener, is_over if idle_seconds else None)
    if request is None:
        if inode(path) == own:
            path.unlink()
    else:
        try:
            execute(request)
        except SystemExit as exit:
            end(exit.code)
    end(None)


def inode(path: Path) -> int | None:
    """Return the number of a file, or None if there is no file."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("--idle", type=float)
    parser.add_argument("modules", nargs="*")
    given = parser.parse_args()
    os.environ |= WITHOUT_THREADS
    # A shell ignores Ctrl-C for what it starts in the background.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    preload(given.modules)
    serve_scripts(given.address, given.idle)
