"""Run Python scripts in new processes that have MLflow imported already.

A server process imports MLflow once, which takes seconds, and forks a process for each script. The script
runs as `python SCRIPT` would run it: as `__main__`, with its own arguments, folder, environment and session.
Fork is safe here because the server has one thread and uses nothing of what it imports.
"""

import atexit
import gc
import importlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import types
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import NoReturn

from lab import explain

# What most scripts import, and MLflow on its first call. None of it starts a thread of Python's. Never pyspark,
# torch, xgboost or tensorflow: their threads do not survive a fork.
PRELOADED = (
    "IPython",
    "git",
    "matplotlib.pyplot",
    "mlflow.metrics.genai",
    "mlflow.models",
    "mlflow.pyfunc",
    "mlflow.sklearn",
    "opentelemetry.sdk.metrics",
    "skops.io",
)


ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Request:
    """A script to run, as given on a command line, its working folder and its environment."""

    script: str
    cwd: str
    env: dict[str, str]


class WarmPython:
    """A Python that has MLflow imported. `run` is what subprocess.run is to a cold one."""

    def __init__(self) -> None:
        """Start the server; what it imports is ready when it answers the first time."""
        self._control, theirs = socket.socketpair()
        with theirs:
            self._server = subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    "from tests.inside.warm_python import main; main()",
                    str(theirs.fileno()),
                ],
                cwd=ROOT,
                pass_fds=[theirs.fileno()],
                # Telemetry would start a thread, which no forked process has, and wait for it at each end.
                env=os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"},
                stdin=subprocess.DEVNULL,
                # Ctrl+C is for the scripts' caller, which then ends the server.
                start_new_session=True,
            )

    def run(
        self, script: Path, cwd: Path, timeout: float | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a script, and kill it and all that it started if it takes longer than `timeout` seconds.

        Raises subprocess.TimeoutExpired, and EOFError if the server itself has ended.
        """
        ours, theirs = Pipe()
        with ours, tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
            with theirs:
                fds = [theirs.fileno(), stdout.fileno(), stderr.fileno()]
                socket.send_fds(self._control, [b"."], fds)
            ours.send(Request(str(script), str(cwd), dict(os.environ)))
            pid = ours.recv()
            try:
                if not ours.poll(timeout):
                    raise subprocess.TimeoutExpired(str(script), timeout)
            except BaseException:
                with suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
                ours.recv()
                raise
            returncode = ours.recv()
            stdout.seek(0)
            stderr.seek(0)
            return subprocess.CompletedProcess(
                str(script), returncode, stdout.read(), stderr.read()
            )

    def close(self) -> None:
        """End the server."""
        self._control.close()
        self._server.wait()


def serve(control: socket.socket) -> Request | None:
    """Fork for each message that arrives on `control`, until its other end is closed.

    Returns twice, as os.fork does: None in the server at its end, and a request in each process that has
    a script to run. That process unwinds to `main` and ends like any Python, with its atexit functions.
    """
    # Nobody waits for the processes in between.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while fds := socket.recv_fds(control, 1, 3)[1]:
        if os.fork() == 0:
            control.close()
            return fork_and_report(*fds)
        for fd in fds:
            os.close(fd)
    return None


def fork_and_report(fd: int, stdout: int, stderr: int) -> Request:
    """Fork once more; return the request in the new process, and report how that ends from this one."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    connection = Connection(fd)
    request = connection.recv()
    pid = os.fork()
    if pid == 0:
        # So that what the script started can be killed with it.
        os.setsid()
        connection.close()
        os.dup2(stdout, sys.stdout.fileno())
        os.dup2(stderr, sys.stderr.fileno())
        os.close(stdout)
        os.close(stderr)
        return request
    connection.send(pid)
    status = os.waitpid(pid, 0)[1]
    # A caller that was killed does not listen any more.
    with suppress(BrokenPipeError):
        connection.send(os.waitstatus_to_exitcode(status))
    os._exit(0)


def execute(request: Request) -> None:
    """Run a script in this process, which is made to look like a new one."""
    os.environ.clear()
    os.environ.update(request.env)
    os.chdir(request.cwd)
    # As each start of Python does in a lab.
    explain.install()
    # Each process has its own random numbers. Python's own module sees to that itself.
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()
    path = str(Path(request.script).resolve())
    sys.argv = [request.script]
    # In place of the server's own, which is first as well.
    sys.path[0] = str(Path(path).parent)
    module = types.ModuleType("__main__")
    module.__file__ = path
    sys.modules["__main__"] = module
    try:
        source = Path(path).read_bytes()
        exec(compile(source, path, "exec", dont_inherit=True), module.__dict__)  # noqa: S102 - python SCRIPT
    except Exception as error:
        # Without the frame of this function.
        error = error.with_traceback(error.__traceback__.tb_next)
        sys.excepthook(type(error), error, error.__traceback__)
        sys.exit(1)


def end(code: object) -> NoReturn:
    """End this process as sys.exit(code) does, except that no module is taken apart, which takes a second."""
    if code is not None and not isinstance(code, int):
        print(code, file=sys.stderr)
    # What every Python does at its end: wait for threads, then call the functions of atexit.
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def warm_up() -> None:
    """Import, and fit and save a model, on which both libraries import and look up more."""
    for name in PRELOADED:
        # A script that needs what is not installed says so itself.
        with suppress(ImportError):
            importlib.import_module(name)
    import mlflow.sklearn
    import pandas
    from sklearn.dummy import DummyClassifier

    model = DummyClassifier().fit(pandas.DataFrame({"a": [1.0, 2.0]}), [0, 1])
    with tempfile.TemporaryDirectory() as folder:
        mlflow.sklearn.save_model(model, f"{folder}/model", pip_requirements=["scikit-learn"])


def main() -> None:
    """Warm up, then serve on the socket whose file descriptor is the argument."""
    warm_up()
    # What is there now is never collected, so looking for garbage does not copy its memory.
    gc.freeze()
    request = serve(socket.socket(fileno=int(sys.argv[1])))
    if request:
        try:
            execute(request)
        except SystemExit as exit:
            end(exit.code)
        end(None)
