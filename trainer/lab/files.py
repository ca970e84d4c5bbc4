"""Stamps of files. The stamp of a file changes whenever the file changes."""

import os
import time
from pathlib import Path
from typing import Any

# Two changes in one moment can leave the same time. One second is the coarsest precision of today's file systems.
MOMENT_NANOSECONDS = 1_000_000_000
# Python writes its caches when it imports a module, and their content follows from the modules.
CACHES = "__pycache__"

Stamp = list[Any]


class Unknown(Exception):
    """It cannot be known now whether something has changed."""


def stamp(path: Path) -> Stamp:
    """Return the stamp of a file or folder, or of what a link leads to.

    Nobody can set the time of a file's latest change (ctime), unlike its modification time. Raises Unknown if the
    latest change has just happened: another one may follow in the same moment.
    """
    status = path.stat()
    if status.st_ctime_ns > time.time_ns() - MOMENT_NANOSECONDS:
        raise Unknown(f"{path} has just changed.")
    times = [status.st_mtime_ns, status.st_ctime_ns]
    return [str(path), status.st_mode, status.st_size, status.st_ino, *times]


def below(folder: Path, without: str = "") -> list[Stamp]:
    """Return the stamps of all files below a folder, except files named `without`, and the names of the subfolders.

    Raises OSError if a folder cannot be read, and Unknown if a link leads to another folder.
    """
    stamps: list[Stamp] = []
    for path, names, files in os.walk(folder, onerror=refuse):
        names[:] = sorted(name for name in names if name != CACHES)
        for subfolder in (Path(path, name) for name in names):
            if subfolder.is_symlink():
                raise Unknown(f"{subfolder} leads to another folder.")
            # Without the folder's times, which also change when a file named `without` changes.
            stamps.append([str(subfolder), subfolder.stat().st_mode])
        stamps += [stamp(Path(path, name)) for name in sorted(files) if name != without]
    return stamps


def refuse(error: OSError) -> None:
    """Raise the error of a folder that cannot be read. Without this, os.walk would leave the folder out."""
    raise error
