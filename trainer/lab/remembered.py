"""Verdicts that earlier commands found. They count as long as nothing that they depend on has changed."""

import json
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from lab.fingerprint import fingerprint
from lab.verdict import Verdict

FILE = ".lab-verdicts.json"


@dataclass
class Remembered:
    """The verdicts on lessons, by name, and the fingerprint of what they depend on. Without one, none is kept."""

    fingerprint: str | None
    verdicts: dict[str, Verdict] = field(default_factory=dict)


def present(root: Path) -> Remembered:
    """Return the verdicts that still count."""
    now = fingerprint(root, output(root), FILE)
    earlier = read(root)
    return earlier if now and earlier.fingerprint == now else Remembered(now)


def read(root: Path) -> Remembered:
    """Return the verdicts in the file, whether they still count or not. A file of another form has none."""
    try:
        content = json.loads((output(root) / FILE).read_text(encoding="utf-8"))
        verdicts = {
            str(name): Verdict(entry["passed"] is True, str(entry["text"]), repeatable=True)
            for name, entry in content["verdicts"].items()
        }
        return Remembered(str(content["fingerprint"]), verdicts)
    except (OSError, LookupError, ValueError, TypeError, AttributeError):
        return Remembered(None)


def save(root: Path, remembered: Remembered) -> None:
    """Write the verdicts that a check would find again to the file."""
    if not remembered.fingerprint:
        return
    verdicts = {
        name: {"passed": verdict.passed, "text": verdict.text}
        for name, verdict in remembered.verdicts.items()
        if verdict.repeatable
    }
    content = json.dumps({"fingerprint": remembered.fingerprint, "verdicts": verdicts})
    # Without the file, the next command checks again.
    with suppress(OSError):
        write(output(root) / FILE, content)


def output(root: Path) -> Path:
    """Return the learner's output folder. Checks run in the root, so a relative path begins there."""
    return root / (os.environ.get("LAB_OUTPUT") or "output")


def write(path: Path, content: str) -> None:
    """Write a file in one step, so that nobody reads a part of it."""
    number, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink()
        raise
