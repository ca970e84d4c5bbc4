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


def causes(error: BaseException) -> list[BaseException]:
    """Return `error` and the errors behind it, the outermost first."""
    chain: list[BaseException] = []
    cause: BaseException | None = error
    # Compare by identity, because an error may define its own comparison.
    while cause is not None and all(cause is not known for known in chain):
        chain.append(cause)
        cause = cause.__cause__ or cause.__context__
    return chain


def missing_package(error: ModuleNotFoundError) -> str | None:
    """Return the message for a missing package in the folder of a lesson with packages of its own, otherwise None."""
    # A script of the lesson, a script in its folder deeper/, or a notebook, which runs in its own folder.
    script = os.path.dirname(os.path.abspath(sys.argv[0]))  # noqa: PTH100, PTH120 - pathlib is slow to import
    for folder in (script, os.path.dirname(script), os.getcwd()):  # noqa: PTH109, PTH120
        if os.path.exists(os.path.join(folder, ".lesson", "profile")):  # noqa: PTH110, PTH118
            # Imported here, not at the top: the import takes milliseconds, and few scripts fail.
            from lab import known_errors

            lesson = os.path.basename(folder)[:2]  # noqa: PTH119
            return str(
                known_errors.answer(
                    "lesson_package_missing", package=str(error.name), lesson=lesson
                )
            )
    return None


def explain(error: BaseException) -> str | None:
    """Return what `error` means for the user and what to do about it, or None if it is not recognised."""
    if isinstance(error, ModuleNotFoundError):
        return missing_package(error)
    address = os.environ.get(TRACKING_URI, "")
    for cause in causes(error):
        # Compared by name: importing MLflow or requests here would slow down every start of Python.
        kind = type(cause).__name__
        is_about_the_server = kind.endswith(
            ("MlflowException", "RestException", "ConnectionError", "URIException")
        )
        if not is_about_the_server and not (kind == "KeyError" and cause.args == (TRACKING_URI,)):
            continue
        from lab import known_errors

        if is_about_the_server and not address.startswith(("http://", "https://")):
            return str(known_errors.answer("not_an_address", address=address))
        among = [known for known in known_errors.known_errors() if known.instead_of_traceback]
        found = known_errors.find(f"{kind}: {cause}", among)
        if found is not None:
            return str(found)
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
    try:
        remember(error)
        message = explain(error)
        is_explained = message is not None
        message = message or own_lines(error, traceback)
        hint = not is_explained and sys.stderr.isatty() and is_known(error)
    except Exception:
        # For example, an error that cannot create its own message.
        message, hint = None, False
    if message is None:
        sys.__excepthook__(kind, error, traceback)
    else:
        print(message, file=sys.stderr)
    if hint:
        print("\nFor the cause, and what to do, type: lab why", file=sys.stderr)


def remember(error: BaseException) -> None:
    """Keep an error for `lab why`."""
    if isinstance(error, Exception):
        from lab import last_error

        last_error.keep(error)


def is_known(error: BaseException) -> bool:
    """Return whether `lab why` can explain the error."""
    from lab import known_errors

    chain = "\n".join(f"{type(cause).__name__}: {cause}" for cause in reversed(causes(error)))
    return known_errors.find(chain) is not None


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
        if error is not None:
            remember(error)
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
