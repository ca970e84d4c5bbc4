"""Folders that only this user can enter."""

import os
from pathlib import Path


def make_private(folder: Path) -> None:
    """Create a folder that only this user can enter. Raises PermissionError if it exists and others can."""
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if status.st_uid != os.getuid() or status.st_mode & 0o77:
        raise PermissionError(f"Other users can enter {folder}.")
