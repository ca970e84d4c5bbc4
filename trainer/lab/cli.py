"""The `lab` command: a thin layer over functions that tests call directly."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from lab import doctor as doctor_module
from lab.demo import demo as run_demo
from lab.errors import LabError
from lab.lessons import lab_root
from rich.console import Console
from rich.markup import escape

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
console = Console(highlight=False)


@contextmanager
def user_errors() -> Iterator[None]:
    """Print what the user can mend as one message, without a traceback, and exit with 1."""
    try:
        yield
    except LabError as error:
        sys.stdout.flush()
        print(error, file=sys.stderr)
        raise typer.Exit(1) from None


@app.callback()
def lab() -> None:
    """The lab's guide: see the lessons run, find out what is wrong with a set-up."""


@app.command()
def demo(
    lesson: Annotated[
        str | None, typer.Option(help="Only this one: 3, 03 or its folder's name.")
    ] = None,
    start: Annotated[str | None, typer.Option("--from", help="Begin with this one.")] = None,
) -> None:
    """Run every lesson and example in order, each under what to look at."""
    with user_errors():
        run_demo(lab_root(), console, lesson, start)


@app.command()
def doctor() -> None:
    """Look for everything that goes wrong with a set-up, and say what mends it."""
    rows = doctor_module.examine()
    for row in rows:
        mark = {True: "[green]ok  [/green]", False: "[red]FAIL[/red]", None: "-   "}[row.ok]
        indented = escape(row.text).replace("\n", "\n" + " " * 24)
        console.print(f"{mark} {row.name:<19}{indented}", soft_wrap=True)
    if any(row.ok is False for row in rows):
        raise typer.Exit(1)
