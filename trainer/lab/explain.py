"""Turn the errors that newcomers meet into one message that says what to do.

The lessons are plain MLflow scripts. They import nothing from the lab, so Python itself installs this module: when
Python starts, zz_lab_explain.pth in the environment's site-packages calls install(). IPython catches the errors of a
notebook's cells before Python's hook sees them. Therefore etc/ipython/ipython_config.py in the environment makes every
kernel call load_ipython_extension(). An error that this module does not recognise keeps its traceback.
"""

from __future__ import annotations

import os
import sys
from types import TracebackType

# typing.TYPE_CHECKING would import typing, which would slow down every start of Python.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.machinery import ModuleSpec

    from IPython.core.interactiveshell import InteractiveShell

TRACKING_URI = "MLFLOW_TRACKING_URI"


def start_command() -> str:
    """Return the command that starts the server in this mode of the lab."""
    return "docker compose up --wait" if os.environ.get("LAB_MODE") == "stack" else "make up"


def causes(error: BaseException) -> list[BaseException]:
    """Return `error` and the errors behind it, the outermost first."""
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in chain:
        chain.append(cause)
        cause = cause.__cause__ or cause.__context__
    return chain


def unset() -> str:
    """Return the message for a shell in which the server's address is not set."""
    return (
        f"{TRACKING_URI} is not set, so the address of the MLflow server is unknown here.\n"
        "The lab's shell sets it. Open that shell with `make shell`, or with `docker compose exec trainer bash`."
    )


def no_address(address: str) -> str:
    """Return the message for something that is not a server's address."""
    return (
        f"{TRACKING_URI} is {address!r}. The lab needs the address of a server, beginning with http://. "
        "It is http://mlflow:5000 in the trainer, and http://localhost:5000 outside, with the MLFLOW_PORT of .env."
    )


def unreachable(address: str, why: str) -> str:
    """Return the message for an address at which no server answers."""
    return (
        f"No MLflow server answers at {address} ({TRACKING_URI}): {why}.\n"
        f"Start it with `{start_command()}`, or correct {TRACKING_URI}. `lab doctor` finds out more."
    )


def host_refused(address: str) -> str:
    """Return the message for a server that refuses requests with this host name."""
    return (
        f"The server at {address} ({TRACKING_URI}) refuses requests with this host name (403, Invalid Host header).\n"
        "Use a name that it allows: http://mlflow:5000 in the trainer, http://localhost:5000 outside. "
        "Or add this name to MLFLOW_SERVER_ALLOWED_HOSTS in .env, and type make down and make up."
    )


def not_mlflow(address: str) -> str:
    """Return the message for an address at which another program answers."""
    return (
        f"A server answers at {address} ({TRACKING_URI}), but it is not MLflow's API.\n"
        f"Correct {TRACKING_URI}: the lab's server is http://mlflow:5000 in the trainer, "
        "and http://localhost:5000 outside, with the MLFLOW_PORT of .env."
    )


def broken(address: str, status: str) -> str:
    """Return the message for a server that answers with an internal error."""
    log = (
        "docker compose logs mlflow" if os.environ.get("LAB_MODE") == "stack" else ".lab/server.log"
    )
    return (
        f"The MLflow server at {address} answers, but only with errors (status {status}).\n"
        "Its database or its artifact store may be stopped or full. `lab doctor` says which. "
        f"The server's log: {log}"
    )


def at_once() -> str:
    """Return the message for two clients that create the same thing.

    MLflow first looks whether it exists and then inserts it, so the second insert fails.
    """
    return (
        "Somebody created the same alias or data set in MLflow for the first time at the same moment, "
        "and MLflow accepted only one of the two.\nNothing is broken: run this again."
    )


def no_lesson_server(text: str) -> str | None:
    """Return the message for a server on this machine that is not MLflow's and does not listen, otherwise None."""
    import re  # Slow to import, and rarely needed.

    match = re.search(r"host='(localhost|127\.0\.0\.1)', port=(\d+)", text)
    if match is None or "Connection refused" not in text:
        return None
    return (
        f"Nothing listens at {match[1]}:{match[2]}.\n"
        "If this lesson calls servers, start them in a second terminal: type `lab serve` and the lesson's number. "
        "`lab run` and the number starts them by itself."
    )


# A part of the messages of requests and MLflow, and what it means. The first match counts.
UNREACHABLE = {
    "NameResolutionError": "its name is unknown here",
    "Connection refused": "nothing listens there",
    "SSLError": "the server does not speak https; the lab's address begins with http://",
    "ConnectTimeout": "it did not answer in time",
    "Read timed out": "it did not answer in time",
    "Connection aborted": "the connection was interrupted",
    "No route to host": "the network does not reach it",
    "Network is unreachable": "the network does not reach it",
}


def missing_package(error: ModuleNotFoundError) -> str | None:
    """Return the message for a missing package in the folder of a lesson with packages of its own, otherwise None."""
    # A script of the lesson, a script in its folder deeper/, or a notebook, which runs in its own folder.
    script = os.path.dirname(os.path.abspath(sys.argv[0]))  # noqa: PTH100, PTH120 - pathlib is slow to import
    for folder in (script, os.path.dirname(script), os.getcwd()):  # noqa: PTH109, PTH120
        if os.path.exists(os.path.join(folder, ".lesson", "profile")):  # noqa: PTH110, PTH118
            number = os.path.basename(folder)[:2]  # noqa: PTH119
            return (
                f"{error.name} is not installed here. If the name has no typing error, install the packages of this "
                f"lesson. On your own machine: make lesson-{number}, and then make shell-{number} for a shell that has "
                "them. A notebook needs NOTEBOOK_EXTRAS in .env: docs/editors.md."
            )
    return None


def explain(error: BaseException) -> str | None:
    """Return what `error` means for the user and what to do about it, or None if it is not recognised."""
    if isinstance(error, ModuleNotFoundError):
        return missing_package(error)
    address = os.environ.get(TRACKING_URI, "")
    for cause in causes(error):
        if isinstance(cause, KeyError) and cause.args == (TRACKING_URI,):
            return unset()
        # Compared by name: importing MLflow or requests here would slow down every start of Python.
        kind, text = type(cause).__name__, str(cause)
        if not kind.endswith(
            ("MlflowException", "RestException", "ConnectionError", "URIException")
        ):
            continue
        if not address.startswith(("http://", "https://")):
            return no_address(address)
        if "Invalid Host header" in text:
            return host_refused(address)
        for marker, why in UNREACHABLE.items():
            if marker in text and "API request to" in text:
                return unreachable(address, why)
        if kind == "ConnectionError" and (message := no_lesson_server(text)):
            return message
        if "UniqueViolation" in text or "UNIQUE constraint failed" in text:
            return at_once()
        if "too many 50" in text:
            return broken(address, "5xx several times")
        if "failed with error code 404" in text or "<html" in text.lower():
            return not_mlflow(address)
    return None


def own_lines(error: BaseException, traceback: TracebackType | None) -> str | None:
    """Return the error of an exercise with the learner's own lines only. Return None if this is not an exercise."""
    script = sys.argv[0]
    if os.path.basename(script) != "exercise.py":  # noqa: PTH119 - pathlib would slow down every start
        return None
    from traceback import extract_tb

    lines = [frame for frame in extract_tb(traceback) if frame.filename.endswith(script)]
    own = "".join(f"{script}, line {frame.lineno}: {frame.line}\n" for frame in lines)
    return f"{own}{type(error).__name__}: {error}" if lines else None


def hook(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    """Print the explanation of an uncaught error, or its traceback. Python then exits with status 1."""
    message = explain(error) or own_lines(error, traceback)
    if message is None:
        sys.__excepthook__(kind, error, traceback)
    else:
        print(message, file=sys.stderr)


class WaitingNotice:
    """Looks for one import only: of the module in which MLflow's client waits and tries again.

    lab/waiting.py then makes the client say what it waits for.
    """

    module = "mlflow.utils.request_utils"

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Return nothing for all other modules, which the finders after this one find."""
        if name != self.module:
            return None
        sys.meta_path.remove(self)
        # Not at the top: this costs milliseconds, and most Pythons do not import MLflow.
        from lab import waiting

        return waiting.spec(name)


def install() -> None:
    """Make this process explain its failures, and say what it waits for."""
    # Python reads the .pth file twice if the environment's folder lib64 is a link to lib.
    is_installed = any(isinstance(finder, WaitingNotice) for finder in sys.meta_path)
    if not is_installed and WaitingNotice.module not in sys.modules:
        sys.meta_path.insert(0, WaitingNotice())
    # An empty address means that none is set, as in .env. MLflow would use a file mlflow.db in this folder.
    if not os.environ.get(TRACKING_URI, "unset").strip():
        del os.environ[TRACKING_URI]
    sys.excepthook = hook


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Make this IPython explain the errors of its cells. IPython looks for a function of this name.

    The cell still counts as failed, so "Run All" stops there. `%tb` shows the traceback.
    """
    show: Callable[..., None] = shell.showtraceback

    def showtraceback(*arguments: object, **options: object) -> None:
        error = sys.exc_info()[1]
        if error is None or (message := explain(error)) is None:
            show(*arguments, **options)
            return
        # If an exception has this method, IPython prints what the method returns.
        error._render_traceback_ = lambda: [message]  # type: ignore[attr-defined]
        try:
            show(*arguments, **options)
        finally:
            del error._render_traceback_  # type: ignore[attr-defined]

    shell.showtraceback = showtraceback  # type: ignore[method-assign]
