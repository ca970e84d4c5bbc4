"""Where the learner stands: every lesson, passed or not, and the next thing to do."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lab import doctor
from lab.demo import addresses
from lab.errors import LabError
from lab.lessons import Lesson, lessons
from lab.verdict import Verdict, check


def verdicts(among: Iterable[Lesson]) -> list[Verdict]:
    """Return the verdicts on all lessons; two checks at a time, each imports MLflow."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        return list(pool.map(check, among))


def overview(root: Path, console: Console) -> None:
    """Print every lesson with its state, the next thing to do and the pages to open.

    There is no state file: every check is made anew. Raises LabError if the server cannot be asked.
    """
    wrong = next((row for row in doctor.server_rows() if row.ok is False), None)
    if wrong:
        raise LabError(wrong.text)
    known = lessons(root)
    with console.status("Looking at what is there …"):
        found = verdicts(known)
    table = Table("lesson", "", "what it is about", box=None, pad_edge=False)
    for lesson, verdict in zip(known, found, strict=True):
        mark = "[green]passed[/green]" if verdict.passed else "[yellow]not yet[/yellow]"
        table.add_row(lesson.name, mark, escape(lesson.title))
    console.print(table)
    open_one = next(((le, v) for le, v in zip(known, found, strict=True) if not v.passed), None)
    console.print()
    if open_one is None:
        console.print(
            "All passed. Next: lab trace models:/iris_clf@champion, lab lineage models:/iris_clf@champion"
        )
    else:
        lesson, verdict = open_one
        folder = lesson.folder.relative_to(root)
        run = f"lab run {lesson.number}"
        if lesson.profile:
            run = f"make lesson-{lesson.number} (on your own machine, it brings what the lesson needs)"
        console.print(f"[bold]Next[/bold]  read {folder}/README.md, then: {run}", soft_wrap=True)
        console.print(
            f"      your turn: {folder}/exercise.py, then: lab check {lesson.number}",
            soft_wrap=True,
        )
        console.print(f"      {escape(verdict.text.partition(chr(10))[0])}", soft_wrap=True)
    console.print()
    addresses(console)
