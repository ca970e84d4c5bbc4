"""Run a script as Python would, in the process of the tests, where its slow imports are done already."""

import atexit
import contextlib
import io
import logging
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import mlflow

# What Python itself ignores unless it is asked not to.
IGNORED_WARNINGS = (
    DeprecationWarning,
    PendingDeprecationWarning,
    ImportWarning,
    ResourceWarning,
)


def run_here(script: Path, *words: object, **env: str | None) -> subprocess.CompletedProcess[str]:
    """Run a script in this process, with `env` over the environment, and return how it ended.

    An exception that the script does not handle is raised here. What the script changes for its
    process (signals, log levels, MLflow's address, …) is put back. A claim about those changes, or
    about a process that dies, needs a process of its own.
    """
    output, errors = io.StringIO(), io.StringIO()
    command = [str(script), *map(str, words)]
    with (
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(errors),
        process_put_back(),
        changed_environment(env),
        patch.object(sys, "argv", command),
        warnings_as_text(errors),
    ):
        status = exit_status(script, errors)
    return subprocess.CompletedProcess(command, status, output.getvalue(), errors.getvalue())


def exit_status(script: Path, errors: io.StringIO) -> int:
    """Run the script and then what it registered for its end; print what it gives to sys.exit()."""
    callbacks: list[Callable[[], object]] = []

    def register(function: Callable[..., object], *words: object, **options: object) -> None:
        callbacks.append(lambda: function(*words, **options))

    with patch.object(atexit, "register", register):
        try:
            runpy.run_path(str(script), run_name="__main__")
            return 0
        except SystemExit as end:
            if isinstance(end.code, str):
                print(end.code, file=errors)
                return 1
            return end.code or 0
        finally:
            for callback in reversed(callbacks):
                callback()


@contextlib.contextmanager
def changed_environment(env: dict[str, str | None]) -> Iterator[None]:
    """Set these variables, or remove them where the value is None, and put back all variables."""
    with patch.dict(os.environ):
        for name, value in env.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        yield


@contextlib.contextmanager
def process_put_back() -> Iterator[None]:
    """Put back what a script may change for its whole process."""
    address = mlflow.get_tracking_uri()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    named = logging.root.manager.loggerDict.values()
    loggers = {
        logger: (logger.level, [*logger.filters])
        for logger in named
        if isinstance(logger, logging.Logger)
    }
    try:
        with (
            patch.object(sys, "excepthook", sys.excepthook),
            patch.object(tempfile, "tempdir", tempfile.tempdir),
            # pytest's own would keep from stderr what a new process prints there.
            patch.object(logging.root, "handlers", []),
        ):
            yield
    finally:
        for logger, (level, filters) in loggers.items():
            logger.setLevel(level)
            logger.filters[:] = filters
        for number, handler in handlers.items():
            signal.signal(number, handler)
        mlflow.set_tracking_uri(address)


@contextlib.contextmanager
def warnings_as_text(errors: io.StringIO) -> Iterator[None]:
    """Print warnings as a new process does: pytest would collect them instead."""
    with warnings.catch_warnings():
        warnings.resetwarnings()
        for category in IGNORED_WARNINGS:
            warnings.simplefilter("ignore", category)

        def show(message, category, filename, lineno, file=None, line=None):
            errors.write(warnings.formatwarning(message, category, filename, lineno, line))

        warnings.showwarning = show
        yield
