"""The command `lab`: a thin layer over functions that tests call directly.

Modules that import MLflow, which takes seconds, are imported where they are used. So the other commands stay quick.
"""

import json
import subprocess
import sys
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from lab import doctor as doctor_module
from lab import needs, services
from lab.cli_drill import drill_app
from lab.demo import demo as run_demo
from lab.errors import LabError
from lab.last_run import saved_since
from lab.lessons import Lesson, find, find_deeper, lab_root, lessons
from lab.overview import mark, next_lesson, overview, standing
from lab.progress import verdicts
from lab.solution import show_solution
from lab.user_errors import user_errors
from lab.verdict import as_shipped
from lab.verdict import check as run_check
from lab.words import LabGroup

app = typer.Typer(cls=LabGroup, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(drill_app, name="drill")
console = Console(highlight=False)

LessonName = Annotated[
    str,
    typer.Argument(metavar="LESSON", help="A lesson's number or folder: 3 or 03_models_pyfunc."),
]
LessonNameOrNext = Annotated[
    str | None,
    typer.Argument(
        metavar="LESSON",
        help="A lesson's number or folder: 3 or 03_models_pyfunc. "
        "Without it: the first lesson that you have not passed.",
    ),
]


def find_lesson(name: str | None) -> Lesson:
    """Return the lesson that the user means; without a name, the first one that has not passed."""
    root = lab_root()
    if name:
        return find(name, lessons(root))
    with console.status("Looking for the first lesson that you have not passed …"):
        chosen = next_lesson(root)
    console.print(f"[dim]Lesson {chosen.short_number}, {escape(chosen.title)}:[/dim]")
    return chosen


@app.callback(invoke_without_command=True)
def lab(context: typer.Context) -> None:
    """Your guide through the lessons.

    Without a command, `lab` lists every lesson, whether you have passed it, and what to do next.
    A lesson's number alone, as in `lab 3`, does this for one lesson.
    """
    if context.invoked_subcommand is None:
        with user_errors():
            overview(lab_root(), console)


@app.command(hidden=True)
def lesson(name: LessonName) -> None:
    """Show where you stand in one lesson. `lab 3` does the same."""
    with user_errors():
        standing(find_lesson(name), console)


@app.command(name="help")
def show_help(
    command: Annotated[
        str | None, typer.Argument(metavar="COMMAND", help="A command of `lab`, such as run.")
    ] = None,
) -> None:
    """Show all commands, or explain one: `lab help run`."""
    group = typer.main.get_command(app)
    words = [command, "--help"] if command else ["--help"]
    group.main(words, prog_name="lab")


@app.command()
def run(
    lesson: LessonNameOrNext = None,
    deeper: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="A script in the lesson's folder deeper/. Without it: the lesson itself.",
        ),
    ] = None,
) -> None:
    """Run a lesson's script, or a script in the lesson's folder deeper/."""
    with user_errors():
        chosen = find_lesson(lesson)
        script = find_deeper(deeper, chosen) if deeper else chosen.folder / "run.py"
        if status := needs.status(chosen):
            raise typer.Exit(status)
        with services.running(chosen, console):
            status = subprocess.run(
                [sys.executable, str(script.relative_to(chosen.root))], cwd=chosen.root
            ).returncode
        raise typer.Exit(status)


@app.command()
def serve(lesson: LessonName) -> None:
    """Run the servers that a lesson calls, until you press Ctrl-C. You need this for a lesson in a notebook."""
    with user_errors():
        services.serve(find_lesson(lesson), console)


@app.command()
def predict(lesson: LessonName) -> None:
    """Predict the results in a lesson's table, row by row. Each row runs after your guess."""
    with user_errors():
        from lab import predict as predict_module

        predict_module.predict(find_lesson(lesson), lessons(lab_root()), console)


@app.command()
def check(
    lesson: Annotated[
        str | None,
        typer.Argument(
            metavar="LESSON",
            help="A lesson's number or folder: 3 or 03_models_pyfunc. Without it: every lesson.",
        ),
    ] = None,
) -> None:
    """Check your exercise. The check looks at what your script created, so run the script first."""
    with user_errors():
        root = lab_root()
        chosen = [find_lesson(lesson)] if lesson else lessons(root)
        with console.status("Checking …"):
            results = list(verdicts(chosen, root, afresh=lesson is not None))
        for checked, verdict in zip(chosen, results, strict=True):
            console.print(f"{checked.name}: {mark(verdict)}")
            console.print(escape(verdict.text), soft_wrap=True)
            if note := saved_since(checked):
                console.print(escape(note), soft_wrap=True)
        if lesson and not results[0].passed:
            if as_shipped(chosen[0]):
                name = chosen[0].exercise.relative_to(chosen[0].root)
                console.print(
                    f"The file {name} is unchanged. If you edited it in an editor or a notebook, save it there "
                    "(Ctrl+S), run it, then check again.",
                    soft_wrap=True,
                )
            console.print(f"[dim]For a hint, type: lab hint {chosen[0].short_number}[/dim]")
        if not all(verdict.passed for verdict in results):
            raise typer.Exit(1)


@app.command()
def watch(lesson: LessonNameOrNext = None) -> None:
    """Run and check your exercise whenever you save it, and show what it changed."""
    with user_errors():
        from lab import watch as watch_module

        following: Lesson | None = find_lesson(lesson)
        while following:
            chosen = following
            if status := needs.status(chosen):
                raise typer.Exit(status)
            following = watch_module.watch(chosen, console)
        console.print(f"To watch this exercise again, type: lab watch {chosen.short_number}")


@app.command()
def hint(
    lesson: LessonNameOrNext = None,
    grade: Annotated[
        int,
        typer.Argument(min=1, max=3, help="1 is a question, 2 a pointer, 3 nearly the answer."),
    ] = 1,
) -> None:
    """Show a hint for an exercise."""
    with user_errors():
        chosen = find_lesson(lesson)
        console.print(escape(chosen.hints[grade - 1]), soft_wrap=True)
        if grade < len(chosen.hints):
            more = f"lab hint {chosen.short_number} {grade + 1}"
            console.print(f"[dim]For the next hint, type: {more}[/dim]")


@app.command()
def solution(
    lesson: LessonName,
    spoil: Annotated[
        bool, typer.Option("--spoil", help="Show it even if your exercise has not passed yet.")
    ] = False,
) -> None:
    """Compare your exercise with the solution, as a diff, once your exercise has passed."""
    with user_errors():
        chosen = find_lesson(lesson)
        if not spoil:
            with console.status("Checking …"):
                passed = run_check(chosen).passed
            if not passed:
                number = chosen.short_number
                raise LabError(
                    f"Your exercise has not passed yet. To check it: lab check {number}. "
                    f"To see the solution anyway: lab solution {number} --spoil"
                )
        show_solution(chosen, console)


@app.command()
def reset(
    lesson: LessonName,
    yes: Annotated[bool, typer.Option("--yes", help="Delete without asking.")] = False,
) -> None:
    """Delete what one lesson created: its runs, models and files."""
    with user_errors():
        chosen = find_lesson(lesson)
        with console.status("Looking for what the lesson created …"):
            from lab import reset as reset_module

            leftovers = reset_module.find(chosen)
        if not leftovers:
            console.print(f"There is nothing to delete: {chosen.name} has created nothing.")
            return
        console.print(f"{chosen.name} created {leftovers}.", soft_wrap=True)
        if not yes and not typer.confirm("Delete all of this?"):
            raise typer.Exit(1)
        with console.status("Deleting …"):
            reset_module.remove(leftovers)
        console.print("Deleted.")


@app.command()
def demo(
    lesson: Annotated[
        str | None, typer.Option(help="Run this lesson only: 3 or 03_models_pyfunc.")
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="Run this lesson and all later ones.")
    ] = None,
    pause: Annotated[
        bool, typer.Option("--pause", help="Wait for the Enter key before each script.")
    ] = False,
) -> None:
    """Run every lesson and example in order, and say what to look at."""
    with user_errors():
        run_demo(lab_root(), console, lesson, start, pause)


@app.command()
def doctor(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the result as JSON, for scripts.")
    ] = False,
) -> None:
    """Find what is wrong with the set-up, and say how to fix it."""
    with console.status("Examining the set-up …"):
        rows = doctor_module.examine()
    if as_json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
    else:
        for row in rows:
            mark = {True: "[green]ok  [/green]", False: "[red]FAIL[/red]", None: "-   "}[row.ok]
            indented = escape(row.text).replace("\n", "\n" + " " * 24)
            console.print(f"{mark} {row.name:<19}{indented}", soft_wrap=True)
    if any(row.ok is False for row in rows):
        raise typer.Exit(1)


@app.command()
def why(
    error: Annotated[
        list[str] | None,
        typer.Argument(metavar="ERROR", help="The error's message, in quotation marks."),
    ] = None,
    paste: Annotated[
        bool, typer.Option("--paste", help="Read the error that you paste, up to Ctrl-D.")
    ] = False,
) -> None:
    """Explain an error: its cause, what to do, and the page that shows it.

    Without a message, explain what is piped to it, or the last error in this shell.
    """
    with user_errors():
        from lab import why as why_module

        text = why_module.text_to_explain(error or [], paste, console)
        if not why_module.why(text, console):
            raise typer.Exit(1)


ModelURI = Annotated[
    str, typer.Argument(metavar="URI", help="A model's address, such as models:/iris_clf@champion.")
]


@app.command()
def trace(uri: ModelURI) -> None:
    """Show how MLflow finds a model: the address, the rows in the database, the files in the store."""
    with user_errors():
        with console.status("Importing MLflow …"):
            from lab.trace import trace as run_trace

        run_trace(uri, console)


@app.command()
def lineage(uri: ModelURI) -> None:
    """Show where a model comes from: who trained it, when, with which data, code and packages."""
    with user_errors():
        with console.status("Reading what MLflow knows about the model …"):
            from lab.lineage import lineage as run_lineage

            facts = run_lineage(uri)
        for label, text in facts:
            console.print(f"{label:<12}{escape(text)}", soft_wrap=True)
