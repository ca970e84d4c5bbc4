"""The last error of a Python in this shell, which `lab why` explains."""

import os
import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class LastError:
    """A traceback, and when it was printed, in seconds since 1970."""

    text: str
    time: float


def keep(error: BaseException) -> None:
    """Write an error to the file of this shell. Do nothing if the lab has no folder for it."""
    text = "".join(traceback.format_exception(error))
    with suppress(OSError):
        folder = private_folder()
        if folder:
            file(folder).write_text(text, encoding="utf-8", errors="replace")


def latest() -> LastError | None:
    """Return the last error in this shell; if it had none, the last error in this lab."""
    try:
        folder = private_folder()
        if folder is None:
            return None
        own = file(folder)
        files = [own] if own.exists() else list(folder.glob("last-error-*"))
        newest = max(files, key=lambda path: path.stat().st_mtime, default=None)
        if newest is None:
            return None
        return LastError(newest.read_text(encoding="utf-8"), newest.stat().st_mtime)
    except OSError:
        return None


def file(folder: Path) -> Path:
    """Return the file with the last error in this shell. All that a shell starts has the shell's session."""
    return folder / f"last-error-{os.getsid(0)}"


def private_folder() -> Path | None:
    """Return the folder that only this user can enter, or None if the lab has none. Raises OSError."""
    name = os.environ.get("LAB_PYTHON_FOLDER")
    if not name:
        return None
    from lab.warm_python import make_private

    folder = Path(name)
    make_private(folder)
    return folder
