"""Create a lesson from the template. It is complete and passes its tests, so its author can begin by changing it."""

import re
import shutil
from pathlib import Path

from host.errors import LabError
from host.settings import ROOT

TEMPLATE = ROOT / "tutorial" / "template"


def check(name: str) -> None:
    """Raise LabError unless `name` is NN_topic with a number that no lesson has."""
    number, _, topic = name.partition("_")
    if not re.fullmatch(r"\d\d_[a-z][a-z0-9_]*", name) or number == "00":
        raise LabError(
            f"{name!r} cannot be the name of a lesson. Use two digits and a topic in small letters: "
            "make new-lesson NAME=08_topic"
        )
    lessons = sorted(path.name for path in ROOT.glob("tutorial/[0-9][0-9]_*"))
    if taken := [lesson for lesson in lessons if lesson.startswith(number)]:
        free = next(n for n in range(1, 100) if not list(ROOT.glob(f"tutorial/{n:02}_*")))
        raise LabError(
            f"The number {number} belongs to {taken[0]}. Use the next free number: "
            f"make new-lesson NAME={free:02}_{topic}"
        )


def create(name: str) -> Path:
    """Create the lesson `name` from the template and return its folder. Raises LabError."""
    check(name)
    number, _, topic = name.partition("_")
    folder = ROOT / "tutorial" / name
    shutil.copytree(TEMPLATE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in (path for path in folder.rglob("*") if path.is_file()):
        text = file.read_text(encoding="utf-8")
        for old, new in {
            "00_template": name,
            "iris_template": f"iris_{topic}",
            "Template": topic.replace("_", " ").capitalize(),
            r"\blab (\w+) 00\b": rf"lab \1 {int(number)}",
            r"\b00\b": number,
        }.items():
            text = re.sub(old, new, text)
        file.write_text(text, encoding="utf-8")
    return folder
