"""Folders that only this user can enter."""

import os
from pathlib import Path


def lab_folder() -> Path | None:
    """Return the folder for what the lab keeps between two commands, which may not exist. None if the lab has none."""
    name = os.environ.get("LAB_PYTHON_FOLDER")
    return Path(name) if name else None


def make_private(folder: Path) -> None:
    """Create a folder that only this user can enter. Raises PermissionError if it exists and others can."""
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if status.st_uid != os.getuid() or status.st_mode & 0o77:
        raise PermissionError(f"Other users can enter {folder}.")
