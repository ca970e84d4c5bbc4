"""Where the learner stands: every lesson, passed or not yet, and what to type next."""

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lab import doctor
from lab.demo import addresses
from lab.errors import LabError
from lab.last_run import saved_since
from lab.lessons import Lesson, lessons
from lab.progress import verdicts
from lab.verdict import Verdict


def next_lesson(root: Path) -> Lesson:
    """Return the first lesson that has not passed. Raises LabError if all have, or if there is no server to ask."""
    require_server()
    known = lessons(root)
    for lesson, verdict in zip(known, verdicts(known, root), strict=True):
        if not verdict.passed:
            return lesson
    raise LabError("You have passed every lesson. Add the number of a lesson, as in: lab check 3")


def require_server() -> None:
    """Raise LabError if the lab's server does not work."""
    problem = next((row for row in doctor.server_rows() if row.ok is False), None)
    if problem:
        raise LabError(problem.text)


def mark(verdict: Verdict) -> str:
    """Return the words for passed or not, in colour."""
    return "[green]passed[/green]" if verdict.passed else "[yellow]not yet[/yellow]"


def overview(root: Path, console: Console) -> None:
    """Print every lesson with its state, the next thing to do and the pages to open.

    Raises LabError if there is no server to ask.
    """
    require_server()
    known = lessons(root)
    with console.status("Checking every exercise …"):
        results = list(verdicts(known, root))
    table = Table("lesson", "", "what it is about", box=None, pad_edge=False)
    for lesson, verdict in zip(known, results, strict=True):
        table.add_row(lesson.name, mark(verdict), escape(lesson.title))
    console.print(table)
    console.print()
    not_passed = (pair for pair in zip(known, results, strict=True) if not pair[1].passed)
    if first := next(not_passed, None):
        lesson, verdict = first
        console.print(f"[bold]Next: lesson {lesson.short_number}, {escape(lesson.title)}[/bold]")
        steps(lesson, verdict, console)
    else:
        console.print(
            "You have passed every lesson. See what a model is made of, and where it comes from:"
        )
        console.print("  lab trace models:/iris_clf@champion")
        console.print("  lab lineage models:/iris_clf@champion")
        console.print("Then find out what is wrong in a small production system:")
        console.print("  lab drill")
    console.print()
    addresses(console)


def standing(lesson: Lesson, console: Console) -> None:
    """Print where one lesson stands: what to read, run and edit, and whether its exercise has passed."""
    with console.status(f"Checking the exercise of {lesson.name} …"):
        [verdict] = verdicts([lesson], lesson.root)
    console.print(f"[bold]{lesson.name}[/bold]  {escape(lesson.title)}: {mark(verdict)}")
    steps(lesson, verdict, console)
    further = [f"lab run {lesson.short_number} {name}" for name in lesson.deeper]
    if lesson.prediction.exists():
        further.append(f"lab predict {lesson.short_number}")
    if further:
        console.print("  To go further:")
    for command in further:
        console.print(f"     {command}")


def steps(lesson: Lesson, verdict: Verdict, console: Console) -> None:
    """Print what to do in a lesson, step by step, each with what to open or to type."""
    number = lesson.short_number
    exercise = lesson.exercise.relative_to(lesson.root)
    run, run_exercise = f"lab run {number}", f"python {exercise}"
    if lesson.needs.exists():
        run = (
            f"make lesson-{lesson.number} (on your own machine: it installs what the lesson needs)"
        )
        run_exercise += f" (in the shell that make shell-{lesson.number} opens)"
    todo = [
        ("Read the page", str(lesson.page.relative_to(lesson.root))),
        ("Run its script", run),
        ("Edit the exercise", str(exercise)),
        ("Run the exercise", run_exercise),
        ("Check it", f"lab check {number}"),
    ]
    for count, (label, text) in enumerate(todo, start=1):
        console.print(f"  {count}. {label:<20}{escape(text)}", soft_wrap=True)
    console.print(f"     {'Both at every save':<20}lab watch {number}")
    if verdict.passed:
        console.print(f"     {'See the solution':<20}lab solution {number}")
    else:
        console.print(f"     {'If you are stuck':<20}lab hint {number}")
        text = escape(verdict.text).replace("\n", "\n  ")
        console.print(f"  The check says: {text}", soft_wrap=True)
    if note := saved_since(lesson):
        console.print(f"  {escape(note)}", soft_wrap=True)
