"""Every lesson and example in order, for whoever wants to see the whole lab at work."""

import contextlib
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import requests
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel

from lab.errors import LabError
from lab.lessons import LEFT_OUT, Lesson, docstring, find, lessons
from lab.services import running

# MLflow 3 opens in its GenAI view, where none of this is to be seen.
VIEW = "?workflowType=machine_learning"


def demo(
    root: Path,
    console: Console,
    only: str | None = None,
    start: str | None = None,
    pause: bool = False,
) -> None:
    """Run the lessons below `root`, each under what to look at, and end with the addresses to open.

    With `pause` it waits for the Enter key before every script.

    Raises LabError at the first script that fails, naming it and how to go on from there.
    """
    chosen = lessons(root)
    if only and start:
        raise LabError("Give --lesson for one lesson, or --from for it and all after it, not both.")
    if only:
        chosen = [find(only, chosen)]
    elif start:
        chosen = chosen[chosen.index(find(start, chosen)) :]
    for lesson in chosen:
        with running(lesson, console):
            for script in lesson.scripts:
                show(root, script, lesson, console, pause)
        if page := page_of(lesson):
            console.print(f"[bold]Show[/bold]  {page}\n", soft_wrap=True)
    addresses(console)


def show(root: Path, script: Path, lesson: Lesson, console: Console, pause: bool) -> None:
    """Run one script under its own words about itself; its output is passed on as it comes."""
    title = f"[bold]{lesson.name}[/bold]  {escape(script.name)}"
    # A docstring's lines are as long as the file's; here each paragraph fits the terminal.
    words = re.sub(r"(?<!\n)\n(?!\n)", " ", docstring(root / script))
    console.print(Panel(escape(words), title=title, title_align="left"))
    console.print(f"[dim]$ python {escape(str(script))}[/dim]")
    sys.stdout.flush()
    if pause:
        with contextlib.suppress(EOFError):  # Nobody there to press it.
            console.input("[dim]Enter runs it[/dim] ")
    began = time.monotonic()
    status = subprocess.run([sys.executable, str(script)], cwd=root).returncode
    if status == LEFT_OUT:
        console.print(
            f"[yellow]left out[/yellow]; on your own machine: make lesson-{lesson.number}\n"
        )
        return
    if status != 0:
        raise LabError(
            f"{script} ended with exit status {status}. When that is mended, go on in the lab's shell "
            f"(make shell) with: lab demo --from {lesson.number}"
        )
    console.print(f"[green]done[/green] in {time.monotonic() - began:.1f} s\n")


def page_of(lesson: Lesson) -> str | None:
    """Return the address of the lesson's runs, or None where it made none."""
    url = f"{os.environ.get('MLFLOW_TRACKING_URI', '')}/api/2.0/mlflow/experiments/get-by-name"
    try:
        answer = requests.get(url, params={"experiment_name": lesson.name}, timeout=30)
    except requests.RequestException:
        # A lesson that needs no server ran without one.
        return None
    if not answer.ok:
        return None
    number = answer.json()["experiment"]["experiment_id"]
    return f"{pages()}/#/experiments/{number}/runs{VIEW}"


def pages() -> str:
    """Return the address of MLflow's pages, as a browser outside the lab has to call it."""
    return os.environ.get("LAB_MLFLOW_PAGE", os.environ.get("MLFLOW_TRACKING_URI", ""))


def addresses(console: Console) -> None:
    """Print the pages to open in a browser, in the view that shows models."""
    # soft_wrap: an address broken over two lines cannot be clicked.
    console.print("[bold]Open in a browser[/bold]")
    console.print(f"  runs and logged models   {pages()}/#/experiments{VIEW}", soft_wrap=True)
    console.print(f"  registered models        {pages()}/#/models{VIEW}", soft_wrap=True)
    console.print(
        f"  [dim]A click there may lead to MLflow's GenAI view, which shows none of this. So, once: open {pages()} "
        "and choose Model training at the top left.[/dim]",
        soft_wrap=True,
    )
    if minio := os.environ.get("LAB_MINIO_PAGE"):
        console.print(
            f"  the store behind them    {minio}/browser/mlflow   "
            "(MINIO_ROOT_USER and MINIO_ROOT_PASSWORD of .env)",
            soft_wrap=True,
        )
