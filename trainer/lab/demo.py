"""Run every lesson and example in order, to see the whole lab at work or to show it to others."""

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import requests
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel

from lab import needs
from lab.errors import LabError
from lab.lessons import LEFT_OUT, Lesson, docstring, find, lessons
from lab.services import running

# MLflow 3 opens in a view for GenAI, which hides the pages of runs and models.
VIEW = "?workflowType=machine_learning"


def demo(
    root: Path,
    console: Console,
    only: str | None = None,
    start: str | None = None,
    pause: bool = False,
) -> None:
    """Run the lessons below `root`, then print the addresses to open and what to type next.

    Before each script it prints what the script shows. With `pause` it then waits for the Enter key.

    Raises LabError at the first script that fails. The message says how to continue from there.
    """
    chosen = lessons(root)
    if only and start:
        raise LabError(
            "Use --lesson to run one lesson, or --from to run it and all later ones, but not both."
        )
    if only:
        chosen = [find(only, chosen)]
    elif start:
        chosen = chosen[chosen.index(find(start, chosen)) :]
    for lesson in chosen:
        with started(lesson, console):
            for script in lesson.scripts:
                show(root, script, lesson, console, pause)
        if page := page_of(lesson):
            console.print(f"[bold]See it in a browser[/bold]  {page}\n", soft_wrap=True)
    addresses(console)
    console.print("\n[bold]Next: do the lessons yourself[/bold]")
    console.print("  make shell   opens the lab's shell, unless you are in it already")
    console.print("  lab          in that shell: lists the lessons and says what to do first")


@contextlib.contextmanager
def started(lesson: Lesson, console: Console) -> Iterator[None]:
    """Run the servers that a lesson calls. Raises LabError if they do not start; the message says how to continue."""
    with contextlib.ExitStack() as servers:
        try:
            servers.enter_context(running(lesson, console))
        except LabError as error:
            raise LabError(f"{error}\n{continue_with(lesson)}") from None
        yield


def continue_with(lesson: Lesson) -> str:
    """Return how to continue a demo that ended at this lesson."""
    command = f"lab demo --from {lesson.short_number}"
    return f"Fix the cause, then continue in the lab's shell (make shell) with: {command}"


def show(root: Path, script: Path, lesson: Lesson, console: Console, pause: bool) -> None:
    """Print what a script shows, from its docstring, and run it; its output appears as the script prints it."""
    title = f"[bold]{lesson.name}[/bold]  {escape(script.name)}"
    # A docstring's lines are as long as the file's; here each paragraph fits the terminal.
    words = re.sub(r"(?<!\n)\n(?!\n)", " ", docstring(root / script))
    console.print(Panel(escape(words), title=title, title_align="left"))
    console.print(f"[dim]$ python {escape(str(script))}[/dim]")
    sys.stdout.flush()
    if pause:
        with contextlib.suppress(EOFError):  # There is no terminal.
            console.input("[dim]Press Enter to run it.[/dim] ")
    began = time.monotonic()
    # An example says itself what it lacks.
    missing = needs.status(lesson) if root / script == lesson.folder / "run.py" else 0
    status = missing or subprocess.run([sys.executable, str(script)], cwd=root).returncode
    if status == LEFT_OUT:
        console.print(
            "[yellow]left out.[/yellow] To run it with all that it needs, type on your own machine: "
            f"make lesson-{lesson.number}\n",
            soft_wrap=True,
        )
        return
    if status != 0:
        raise LabError(f"{script} ended with exit status {status}. {continue_with(lesson)}")
    console.print(f"[green]done[/green] in {time.monotonic() - began:.1f} s\n")


def page_of(lesson: Lesson) -> str | None:
    """Return the address of the page with the lesson's runs, or None if the lesson has no experiment."""
    url = f"{os.environ.get('MLFLOW_TRACKING_URI', '')}/api/2.0/mlflow/experiments/get-by-name"
    try:
        answer = requests.get(url, params={"experiment_name": lesson.name}, timeout=30)
    except requests.RequestException:
        # A lesson that needs no server may have run without one.
        return None
    if not answer.ok:
        return None
    number = answer.json()["experiment"]["experiment_id"]
    return f"{pages()}/#/experiments/{number}/runs{VIEW}"


def pages() -> str:
    """Return the address of MLflow's pages for a browser, which runs outside the lab."""
    return os.environ.get("LAB_MLFLOW_PAGE", os.environ.get("MLFLOW_TRACKING_URI", ""))


def addresses(console: Console) -> None:
    """Print the pages to open in a browser, in the view that shows runs and models."""
    # soft_wrap, because an address that is broken over two lines cannot be clicked.
    console.print("[bold]Open in a browser[/bold]")
    console.print(f"  runs and logged models   {pages()}/#/experiments{VIEW}", soft_wrap=True)
    console.print(f"  registered models        {pages()}/#/models{VIEW}", soft_wrap=True)
    console.print(
        f"  [dim]If MLflow shows its view for GenAI, which hides runs and models: open {pages()} and choose "
        "Model training at the top left. You do this once.[/dim]",
        soft_wrap=True,
    )
    minio = os.environ.get("LAB_MINIO_PAGE")
    # Another store in place of MinIO has no page here.
    if minio and os.environ["LAB_S3_ENDPOINT"] == "http://minio:9000":
        console.print(
            f"  files of the models      {minio}/browser/{os.environ['LAB_S3_BUCKET']}   "
            "(log in with MINIO_ROOT_USER and MINIO_ROOT_PASSWORD from .env)",
            soft_wrap=True,
        )
