"""The form of a lesson: a folder tutorial/NN_topic with a run.py, and examples/NN_topic beside it.

The learner's files are README.md (the page), run.py (the same as a script), exercise.py, REFERENCE.md and the
scripts in deeper/. What the lab needs is in the folder .lesson.
"""

import ast
import os
import re
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError

# How a script tells an instructor what matters in its output.
LOOK = "What to look at:"
# How a script ends that cannot run here, having said what it lacks: the exit status that test harnesses
# (automake's, Meson's) read so too.
LEFT_OUT = 77


@dataclass(frozen=True)
class Lesson:
    """One lesson on disk."""

    root: Path
    folder: Path

    @property
    def name(self) -> str:
        """The folder's name, as 03_models_pyfunc; its experiment is named so too."""
        return self.folder.name

    @property
    def number(self) -> str:
        """The two digits in front."""
        return self.name.split("_")[0]

    @property
    def short_number(self) -> str:
        """The number as people type it: 3, not 03."""
        return str(int(self.number))

    @property
    def page(self) -> Path:
        """The lesson as a page, which `make pages` writes from run.py and its output."""
        return self.folder / "README.md"

    @property
    def reference(self) -> Path:
        """The page with the lesson's tables, its deeper scripts and the errors that people meet."""
        return self.folder / "REFERENCE.md"

    @property
    def deeper(self) -> dict[str, Path]:
        """The scripts in deeper/, each about one idea, by name: contract for deeper/contract.py."""
        return {path.stem: path for path in sorted((self.folder / "deeper").glob("*.py"))}

    @property
    def support(self) -> Path:
        """The folder with the files that the lab needs and a learner does not look at."""
        return self.folder / ".lesson"

    @property
    def exercise(self) -> Path:
        """The learner's file."""
        return self.folder / "exercise.py"

    @property
    def solution(self) -> Path:
        """The exercise, done."""
        return self.support / "solution.py"

    @property
    def check(self) -> Path:
        """The script that says whether the exercise is done: exit status 0, or one next action on stderr."""
        return self.support / "check.py"

    @property
    def profile(self) -> str | None:
        """The Compose profile with what the lesson uses, from .lesson/profile; None if the trainer has it all."""
        file = self.support / "profile"
        return file.read_text(encoding="utf-8").strip() if file.exists() else None

    @property
    def title(self) -> str:
        """The first line of its README, without the mark and the number."""
        first = (self.folder / "README.md").read_text(encoding="utf-8").partition("\n")[0]
        return first.lstrip("# 0123456789")

    @property
    def hints(self) -> list[str]:
        """The hints, from a question to nearly the answer: the sections of hints.md headed 1, 2 and 3."""
        text = (self.support / "hints.md").read_text(encoding="utf-8")
        return [hint.strip() for hint in re.split(r"^## \d\s*$", text, flags=re.MULTILINE)[1:]]

    @property
    def scripts(self) -> list[Path]:
        """What is run, in order, relative to the root: the lesson's run.py, then its examples.

        An example whose docstring does not say what to look at is no demonstration: a service, a client of it.
        """
        examples = sorted((self.root / "examples" / self.name).glob("*.py"))
        shown = [path for path in examples if LOOK in docstring(path)]
        return [path.relative_to(self.root) for path in (self.folder / "run.py", *shown)]


def lab_root() -> Path:
    """Return the lab's checkout: LAB_ROOT, or the folder here or above that has a tutorial/ in it.

    Raises LabError if there is none.
    """
    start = Path(os.environ.get("LAB_ROOT") or ".").resolve()
    for folder in (start, *start.parents):
        try:
            if next(folder.glob("tutorial/*/run.py"), None):
                return folder
        except PermissionError:
            break
    raise LabError(
        f"No lesson can be read in {start}. Change to the lab's folder, or set LAB_ROOT to it. "
        "In the trainer: if the checkout is private, set LAB_UID in .env to your `id -u` "
        "and start again with --build (as root: chmod -R a+rX on the checkout)."
    )


def lessons(root: Path) -> list[Lesson]:
    """Return the lessons on disk in the order of their numbers."""
    return [Lesson(root, path.parent) for path in sorted(root.glob("tutorial/[0-9][0-9]_*/run.py"))]


def find(wanted: str, among: list[Lesson]) -> Lesson:
    """Return the lesson given as 3, 03, 03_models_pyfunc or tutorial/03_models_pyfunc.

    Raises LabError, which lists the lessons, if there is none of that name.
    """
    name = wanted.zfill(2) if wanted.isdigit() else Path(wanted).name
    for lesson in among:
        if name in (lesson.number, lesson.name):
            return lesson
    raise LabError(
        f"There is no lesson {wanted!r}. The lessons are {', '.join(lesson.name for lesson in among)}."
    )


def find_deeper(name: str, lesson: Lesson) -> Path:
    """Return a script in the lesson's folder deeper/; LabError lists the names that exist."""
    script = lesson.deeper.get(name.removesuffix(".py"))
    if script is None:
        known = ", ".join(lesson.deeper) or "none"
        raise LabError(
            f"Lesson {lesson.number} has no deeper script {name!r}. It has: {known}. "
            f"Without a name, `lab run {lesson.number}` runs the lesson itself."
        )
    return script


def docstring(script: Path) -> str:
    """Return a script's docstring. Of a lesson, return the part before the bullet points, without the title."""
    text = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or ""
    return re.sub(r"\A# .*\n+", "", text).partition("\n**")[0].strip()
