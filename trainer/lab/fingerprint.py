"""A fingerprint of what the verdicts on the exercises depend on.

It covers the lessons with the exercises, this package, the installed packages, the environment variables, the learner's
output folder, and the server's database and store. It does not cover other files that a learner's model may open.
"""

import hashlib
import json
import os
import resource
import site
import sys
from pathlib import Path
from typing import Any

from lab import files, server_state
from lab.doctor import Finding
from lab.files import Stamp, Unknown

# They differ between two commands in the same shell, and no check depends on them.
OF_THE_SHELL = ("_", "COLUMNS", "LINES", "OLDPWD", "PWD", "SHLVL", "TERM")
# The environment, the Python that it belongs to, the learner's packages in the stack, and the lab's own package, which
# the embedded mode imports from the checkout.
KNOWN_FOLDERS = (sys.prefix, sys.base_prefix, site.getuserbase(), Path(__file__).parents[1])


def fingerprint(root: Path, output: Path, without: str) -> str | None:
    """Return the fingerprint, or None if it cannot be known whether something has changed.

    Files in the folder `output` with the name `without` are not a part of it.
    """
    try:
        tutorial, learners = files.below(root / "tutorial"), files.below(output, without)
        return digest([program(), tutorial, learners, server_state.state()])
    except (Unknown, Finding, OSError, LookupError, ValueError):
        return None


def program_digest() -> str | None:
    """Return the digest of what a running Python depends on, or None if it cannot be known.

    The processes that it starts have its priority, mask and limits.
    """
    try:
        return digest([program(), os.nice(0), umask(), limits()])
    except (Unknown, OSError):
        return None


def program() -> list[Any]:
    """Return this Python's version, environment, packages, and the lab's own modules. Raises Unknown and OSError."""
    variables = sorted(item for item in os.environ.items() if item[0] not in OF_THE_SHELL)
    return [sys.version, variables, packages(), files.below(Path(__file__).parent)]


def umask() -> int:
    """Return the permissions that new files do not get. The system tells only the previous mask."""
    mask = os.umask(0o77)
    os.umask(mask)
    return mask


def limits() -> list[tuple[int, int]]:
    """Return the limits for memory, files, processes and the like."""
    kinds = [kind for name, kind in vars(resource).items() if name.startswith("RLIMIT_")]
    return [resource.getrlimit(kind) for kind in sorted(kinds)]


def digest(state: list[Any]) -> str:
    """Return a digest of lists, strings and numbers."""
    return hashlib.sha256(json.dumps(state).encode()).hexdigest()


def packages() -> list[Stamp]:
    """Return the name, size, place and time of what is directly in the folders from which Python imports.

    Each package has folders there, which pip and uv create when they install or change it. Raises Unknown if Python
    also imports from a folder elsewhere, in which somebody may edit code.
    """
    stamps: list[Stamp] = []
    # The first entry is the folder of this program. A check has another one there.
    for folder in (Path(entry) for entry in sys.path[1:] if Path(entry).is_dir()):
        if not any(folder.is_relative_to(known) for known in KNOWN_FOLDERS):
            raise Unknown(f"Python imports from {folder}.")
        for path in sorted(folder.iterdir()):
            status = path.stat()
            # Without ctime: uv links several environments to the same files, and each new link changes ctime.
            if path.name != files.CACHES:
                stamps.append([str(path), status.st_size, status.st_ino, status.st_mtime_ns])
    return stamps
