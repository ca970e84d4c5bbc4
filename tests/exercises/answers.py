"""Answers to an exercise, right and wrong: a lesson's .lesson/answers/answers.toml and the files beside it."""

import tomllib
from dataclasses import dataclass

from lab.lessons import Lesson


@dataclass(frozen=True)
class Answer:
    """One answer: `right_…`, `wrong_…` or `starter`."""

    lesson: Lesson
    name: str

    @property
    def message(self) -> str:
        """A part of the message that its learner must get."""
        return entries(self.lesson)[self.name]["message"]

    @property
    def script(self) -> str:
        """What its learner has in exercise.py."""
        return script(self.lesson, self.name)


def answers(lesson: Lesson, kind: str) -> list[Answer]:
    """Return a lesson's answers whose names begin with `kind`, in the order of their names."""
    files = {path.stem for path in (lesson.support / "answers").glob("*.py")}
    names = sorted(files | set(entries(lesson)))
    return [Answer(lesson, name) for name in names if name.startswith(kind)]


def entries(lesson: Lesson) -> dict[str, dict]:
    """Return what answers.toml says, by the names of the answers."""
    return tomllib.loads((lesson.support / "answers" / "answers.toml").read_text(encoding="utf-8"))


def script(lesson: Lesson, name: str) -> str:
    """Return the script `name`: the solution, the exercise, an answer's file, or another one with replacements.

    Raises ValueError unless each text to be replaced is there once: the script that it was in has changed.
    """
    entry = entries(lesson).get(name, {})
    if "from" not in entry:
        whole = {"solution": lesson.solution, "exercise": lesson.exercise}
        path = whole.get(name, lesson.support / "answers" / f"{name}.py")
        return path.read_text(encoding="utf-8")
    text = script(lesson, entry["from"])
    for old, new in entry["replace"]:
        if text.count(old) != 1:
            raise ValueError(
                f"{lesson.name}, {name} in answers.toml: {entry['from']} has this {text.count(old)} times, "
                f"expected once:\n{old}"
            )
        text = text.replace(old, new)
    return text
