"""The form of a lesson: a folder tutorial/NN_topic with a run.py, and maybe a folder examples/NN_topic.

The learner's files are README.md (the page), run.py (the same as a script), exercise.py, REFERENCE.md and the
scripts in deeper/. The folder .lesson contains the files that only the lab needs.
"""

import ast
import os
import re
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError

# After these words, a script's docstring says what matters in its output.
LOOK = "What to look at:"
# The exit status of a script that cannot run here, after it has printed what is missing. The test harnesses of
# automake and Meson use the same number.
LEFT_OUT = 77


@dataclass(frozen=True)
class Lesson:
    """One lesson on disk."""

    root: Path
    folder: Path

    @property
    def name(self) -> str:
        """The folder's name, such as 03_models_pyfunc. The lesson's experiment has the same name."""
        return self.folder.name

    @property
    def number(self) -> str:
        """The two digits at the beginning of the name."""
        return self.name.split("_")[0]

    @property
    def short_number(self) -> str:
        """The number as people type it: 3, not 03."""
        return self.number.removeprefix("0")

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
        """The scripts in deeper/, by name: contract for deeper/contract.py. Each is about one idea."""
        return {path.stem: path for path in sorted((self.folder / "deeper").glob("*.py"))}

    @property
    def support(self) -> Path:
        """The folder with the files that the lab needs and a learner does not."""
        return self.folder / ".lesson"

    @property
    def exercise(self) -> Path:
        """The file that the learner edits."""
        return self.folder / "exercise.py"

    @property
    def solution(self) -> Path:
        """The finished exercise."""
        return self.support / "solution.py"

    @property
    def check(self) -> Path:
        """The script that checks the exercise. It exits with status 0, or prints the next step to stderr."""
        return self.support / "check.py"

    @property
    def prediction(self) -> Path:
        """The script with the table that `lab predict` asks about. Not every lesson has one."""
        return self.support / "predict.py"

    @property
    def needs(self) -> Path:
        """The script that looks whether the lesson can run here. Only lessons with needs of their own have one.

        If something is missing, it prints what and ends with LEFT_OUT, or with 1 if only a server does not answer.
        """
        return self.support / "needs.py"

    @property
    def profile(self) -> str | None:
        """The Compose profile with the lesson's packages, from .lesson/profile. None if the trainer has them all."""
        file = self.support / "profile"
        return file.read_text(encoding="utf-8").strip() if file.exists() else None

    @property
    def title(self) -> str:
        """The title of the page, without the number."""
        first = (self.folder / "README.md").read_text(encoding="utf-8").partition("\n")[0]
        return first.lstrip("# 0123456789")

    @property
    def hints(self) -> list[str]:
        """The hints, from a question to nearly the answer."""
        return read_hints(self.support / "hints.md")

    @property
    def scripts(self) -> list[Path]:
        """The scripts that a demo runs, in order, relative to the root: the lesson's run.py, then its examples.

        A demo leaves out an example whose docstring does not say what to look at, such as a service.
        """
        examples = sorted((self.root / "examples" / self.name).glob("*.py"))
        shown = [path for path in examples if LOOK in docstring(path)]
        return [path.relative_to(self.root) for path in (self.folder / "run.py", *shown)]


def read_hints(file: Path) -> list[str]:
    """Return the sections of a hints.md, which are headed 1, 2 and 3."""
    text = file.read_text(encoding="utf-8")
    return [hint.strip() for hint in re.split(r"^## \d\s*$", text, flags=re.MULTILINE)[1:]]


def lab_root() -> Path:
    """Return the lab's checkout: LAB_ROOT, or this folder, or the nearest folder above it that contains lessons.

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
        f"There are no lessons that can be read in {start}. Change to the lab's folder, or set LAB_ROOT to it. "
        "In the trainer: if other users cannot read the checkout, set LAB_UID in .env to the number that `id -u` "
        "prints, and start again with --build (as root: chmod -R a+rX on the checkout)."
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
    """Return a script in the lesson's folder deeper/. Raises LabError, which lists the names, if there is none."""
    script = lesson.deeper.get(name.removesuffix(".py"))
    if script is None:
        known = ", ".join(lesson.deeper) or "none"
        raise LabError(
            f"Lesson {lesson.short_number} has no script {name!r} in deeper/. It has: {known}. "
            f"Without a name, `lab run {lesson.short_number}` runs the lesson itself."
        )
    return script


def docstring(script: Path) -> str:
    """Return a script's docstring. For a lesson, return the part before the bullet points, without the title."""
    text = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or ""
    return re.sub(r"\A# .*\n+", "", text).partition("\n**")[0].strip()
