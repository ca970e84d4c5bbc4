"""A lesson's solution, compared with the learner's exercise."""

import difflib

from rich.console import Console
from rich.markup import escape
from rich.syntax import Syntax

from lab.lessons import Lesson


def show_solution(lesson: Lesson, console: Console) -> None:
    """Print how the solution differs from the exercise."""
    files = [path.relative_to(lesson.root) for path in (lesson.exercise, lesson.solution)]
    exercise, solved = [
        (lesson.root / path).read_text(encoding="utf-8").splitlines() for path in files
    ]
    names = [str(path) for path in files]
    lines = difflib.unified_diff(exercise, solved, names[0], names[1], lineterm="")
    diff = "\n".join(lines)
    if not diff:
        console.print("Your exercise is the same as the solution.")
        return
    console.print(
        Syntax(diff, "diff", background_color="default") if console.is_terminal else escape(diff)
    )
