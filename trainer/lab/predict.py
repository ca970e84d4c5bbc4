"""Predict first: show one row of a lesson's table at a time, take a guess, run the row and show what happens.

A lesson that has such a table describes it in .lesson/predict.py:

    question = "What happens to this input?"
    # A list of Row. Each row is run when it is asked.
    rows = [Row("a name", "what the learner sees", lambda: Outcome("MLflow rejects")), …]
    # The possible answers, in the order in which the learner sees them.
    answers = ["right answers", "MLflow rejects", …]

The results cannot be out of date, because each row runs when it is asked.
"""

import runpy
import sys
from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape

from lab import services
from lab.errors import LabError
from lab.lessons import Lesson

STOP = "q"


@dataclass(frozen=True)
class Outcome:
    """What happened when a row was run: one of the answers, and maybe a remark to print after it."""

    answer: str
    remark: str = ""


@dataclass(frozen=True)
class Row:
    """One row of a table: its name, what the learner sees, and a function that runs it."""

    name: str
    shown: str
    run: Callable[[], Outcome]


@dataclass(frozen=True)
class Table:
    """A question, the rows about which it is asked, and the possible answers."""

    question: str
    rows: list[Row]
    answers: list[str]


def predict(lesson: Lesson, known: list[Lesson], console: Console) -> None:
    """Ask about every row of a lesson's table and print the score.

    Raises LabError if the lesson has no table, or if there is nobody at a terminal to ask.
    """
    if not lesson.prediction.exists():
        numbers = ", ".join(other.short_number for other in known if other.prediction.exists())
        raise LabError(
            f"Lesson {lesson.short_number} has no table to predict. "
            f"These lessons have one: {numbers or 'none'}."
        )
    if not (sys.stdin.isatty() and console.is_terminal):
        raise LabError(
            f"`lab predict` asks questions, so it needs a terminal. {without_questions(lesson)}"
        )
    try:
        with services.running(lesson, console):
            with console.status("Preparing the rows …"):
                table = load(lesson)
            score = ask(table, console)
    except KeyboardInterrupt:
        console.print("\nStopped.")
        return
    console.print(score)


def without_questions(lesson: Lesson) -> str:
    """Return where the learner sees the results without questions."""
    commands = [f"lab run {lesson.short_number} {name}" for name in lesson.deeper]
    scripts = f" These scripts print tables: {', '.join(commands)}." if commands else ""
    return f"To see the results, read {lesson.reference.relative_to(lesson.root)}.{scripts}"


def load(lesson: Lesson) -> Table:
    """Run the lesson's .lesson/predict.py and return its table."""
    names = runpy.run_path(str(lesson.prediction))
    return Table(names["question"], names["rows"], names["answers"])


def ask(table: Table, console: Console) -> str:
    """Ask about each row until the learner stops. Return a sentence with the score."""
    console.print(f"[bold]{escape(table.question)}[/bold]")
    right = asked = 0
    for count, row in enumerate(table.rows, start=1):
        console.print(f"\n[bold]{count} of {len(table.rows)}: {escape(row.name)}[/bold]")
        console.print(escape(row.shown), soft_wrap=True)
        guess = guessed(table.answers, console)
        if guess is None:
            break
        outcome = row.run()
        asked += 1
        right += outcome.answer == guess
        verdict = "[green]Yes[/green]" if outcome.answer == guess else "[yellow]No[/yellow]"
        console.print(f"{verdict}: {escape(outcome.answer)}.{escape(spaced(outcome.remark))}")
    return f"\nYou predicted {right} of {asked} results correctly."


def spaced(remark: str) -> str:
    """Return a remark with a space before it, or nothing if there is none."""
    return f" {remark}" if remark else ""


def guessed(answers: list[str], console: Console) -> str | None:
    """Ask for a guess until it is one of the numbers. Return the answer with this number, or None to stop."""
    choices = "   ".join(f"{number} {answer}" for number, answer in enumerate(answers, start=1))
    console.print(f"[dim]{escape(choices)}   {STOP} stop[/dim]", soft_wrap=True)
    while True:
        try:
            typed = console.input("Your prediction: ").strip().lower()
        except (EOFError, KeyboardInterrupt):
            console.print()
            return None
        if typed == STOP:
            return None
        if typed.isdigit() and 0 < int(typed) <= len(answers):
            return answers[int(typed) - 1]
        console.print(f"Type a number from 1 to {len(answers)}, or {STOP} to stop.")
