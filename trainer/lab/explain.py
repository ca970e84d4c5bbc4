"""Turn the failures that a newcomer meets into one message that says what to do.

Lessons are plain MLflow scripts that import nothing of ours, so this is installed from outside. When Python
starts, zz_lab_explain.pth in the environment's site-packages calls install(). IPython catches the errors of a
notebook's cells itself, so Python's hook never sees them: etc/ipython/ipython_config.py in the environment makes
every kernel call load_ipython_extension(). An error that is not recognised here keeps its traceback.
"""

from __future__ import annotations

import os
import sys
from types import TracebackType

# typing.TYPE_CHECKING would import typing, which slows every start of Python down.
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
    """Return the message for a shell that does not know the server's address."""
    return (
        f"{TRACKING_URI} is not set, so this does not know which MLflow server to talk to.\n"
        "Inside the lab's shell it is: `docker compose exec trainer bash`, or `make shell`."
    )


def no_address(address: str) -> str:
    """Return the message for something that is not a server's address."""
    return (
        f"{TRACKING_URI} is {address!r}; the lab needs a server's address with http:// in front: "
        "http://mlflow:5000 in the trainer, http://localhost:5000 outside (or the MLFLOW_PORT in .env)."
    )


def unreachable(address: str, why: str) -> str:
    """Return the message for an address where nothing answers."""
    return (
        f"No MLflow server answers at {address} ({TRACKING_URI}): {why}.\n"
        f"Start it with `{start_command()}`, or correct {TRACKING_URI}. `lab doctor` looks closer."
    )


def host_refused(address: str) -> str:
    """Return the message for a server that does not want to be called by that name."""
    return (
        f"The server at {address} ({TRACKING_URI}) refuses requests under that name (403, Invalid Host header).\n"
        "Use a name that it allows (http://mlflow:5000 in the trainer, http://localhost:5000 outside), "
        "or add this one to MLFLOW_SERVER_ALLOWED_HOSTS of service mlflow in docker-compose.yml."
    )


def not_mlflow(address: str) -> str:
    """Return the message for an address where something else answers."""
    return (
        f"Something answers at {address} ({TRACKING_URI}), but it is not MLflow's API.\n"
        f"Correct {TRACKING_URI}: the lab's server is http://mlflow:5000 in the trainer, "
        "http://localhost:5000 outside (or the MLFLOW_PORT in .env)."
    )


def broken(address: str, status: str) -> str:
    """Return the message for a server that answers with an error of its own."""
    log = (
        "docker compose logs mlflow" if os.environ.get("LAB_MODE") == "stack" else ".lab/server.log"
    )
    return (
        f"The MLflow server at {address} answers, but cannot do its work (status {status}).\n"
        "Its database or its artifact store may be away, or full: `lab doctor` says which; "
        f"the server's own words: {log}"
    )


def at_once() -> str:
    """Return the message for what two made at once: MLflow looks whether it is there and then inserts it."""
    return (
        "Somebody made the same in MLflow for the first time at the same moment (an alias, a data set), "
        "and it let only one of the two in.\nNothing is broken: run this again."
    )


# What requests and MLflow write into their messages, and what it means; the first match counts.
UNREACHABLE = {
    "NameResolutionError": "its name is unknown here",
    "Connection refused": "nothing listens there",
    "SSLError": "what listens there does not speak https; the lab's address begins with http://",
    "ConnectTimeout": "no answer in time",
    "Read timed out": "no answer in time",
    "Connection aborted": "the connection broke off",
    "No route to host": "no way leads there",
    "Network is unreachable": "no way leads there",
}


def explain(error: BaseException) -> str | None:
    """Return what `error` means for the user and what to do about it, or None if it is not a known one."""
    address = os.environ.get(TRACKING_URI, "")
    for cause in causes(error):
        if isinstance(cause, KeyError) and cause.args == (TRACKING_URI,):
            return unset()
        # By name: importing MLflow or requests here would slow every start of Python down.
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
        if "UniqueViolation" in text or "UNIQUE constraint failed" in text:
            return at_once()
        if "too many 50" in text:
            return broken(address, "5xx, again and again")
        if "failed with error code 404" in text or "<html" in text.lower():
            return not_mlflow(address)
    return None


def own_lines(error: BaseException, traceback: TracebackType | None) -> str | None:
    """Return an exercise's error with the learner's own lines only, or None where it is no exercise's."""
    script = sys.argv[0]
    if os.path.basename(script) != "exercise.py":  # noqa: PTH119 - pathlib would slow every start down
        return None
    from traceback import extract_tb

    lines = [frame for frame in extract_tb(traceback) if frame.filename.endswith(script)]
    own = "".join(f"{script}, line {frame.lineno}: {frame.line}\n" for frame in lines)
    return f"{own}{type(error).__name__}: {error}" if lines else None


def hook(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    """Print the explanation of an uncaught error, or its traceback if there is none; Python then exits with 1."""
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
    # Empty means unset, as it does in .env; MLflow would take it for a file mlflow.db in this folder.
    if not os.environ.get(TRACKING_URI, "unset").strip():
        del os.environ[TRACKING_URI]
    sys.excepthook = hook


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Make this IPython explain the errors of its cells; IPython calls this by its name.

    The cell has failed all the same, so "Run All" stops there. `%tb` shows the traceback.
    """
    show: Callable[..., None] = shell.showtraceback

    def showtraceback(*arguments: object, **options: object) -> None:
        error = sys.exc_info()[1]
        if error is None or (message := explain(error)) is None:
            show(*arguments, **options)
            return
        # IPython asks an exception that has this method how it wants to be shown.
        error._render_traceback_ = lambda: [message]  # type: ignore[attr-defined]
        try:
            show(*arguments, **options)
        finally:
            del error._render_traceback_  # type: ignore[attr-defined]

    shell.showtraceback = showtraceback  # type: ignore[method-assign]
