"""The last error of a Python in this shell, which `lab why` explains."""

import os
import sys
import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError
from lab.private_folder import lab_folder, make_private

# A program that starts others in sessions of their own sets this variable to the session of its shell.
SESSION = "LAB_SHELL_SESSION"
# The lab keeps the last errors of this many shells.
MAX_FILES = 20


@dataclass(frozen=True)
class LastError:
    """A traceback, and when it was printed, in seconds since 1970."""

    text: str
    time: float


def keep(error: BaseException) -> None:
    """Write an error to the file of this shell. Do nothing if the lab has no folder for it."""
    # An error of the command `lab` itself would replace the error that the user wants to understand.
    if Path(sys.argv[0]).name == "lab":
        return
    with suppress(OSError):
        folder = private_folder()
        if folder:
            text = "".join(traceback.format_exception(error))
            file(folder).write_text(text, encoding="utf-8", errors="replace")
            for oldest in by_age(folder)[:-MAX_FILES]:
                oldest.unlink(missing_ok=True)


def latest() -> LastError | None:
    """Return the last error in this shell. If there was none, return the last error in this lab.

    Raises LabError if the folder cannot be read.
    """
    try:
        folder = private_folder()
        if folder is None:
            return None
        own = file(folder)
        files = [own] if own.exists() else by_age(folder)
        if not files:
            return None
        return LastError(files[-1].read_text(encoding="utf-8"), files[-1].stat().st_mtime)
    except OSError as error:
        raise LabError(
            f"The folder in which the lab keeps the last error cannot be used (LAB_PYTHON_FOLDER): {error}. "
            "Paste the error instead: lab why --paste"
        ) from None


def by_age(folder: Path) -> list[Path]:
    """Return the files with the last errors of all shells, the oldest first."""
    return sorted(folder.glob("last-error-*"), key=lambda path: path.stat().st_mtime)


def file(folder: Path) -> Path:
    """Return the file with the last error in this shell. Every process that a shell starts has the shell's session."""
    return folder / f"last-error-{session()}"


def session() -> str:
    """Return the number of this shell's session."""
    return os.environ.get(SESSION) or str(os.getsid(0))


def private_folder() -> Path | None:
    """Return the folder that only this user can enter, or None if the lab has none. Raises OSError."""
    folder = lab_folder()
    if folder:
        make_private(folder)
    return folder
