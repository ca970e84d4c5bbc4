"""The lessons' scripts as notebooks, run in a lab, and the pages that are made from them."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import nbformat
from nbformat import NotebookNode

from lab import services
from lab.lessons import Lesson
from tests.support.labs import Lab

# The information behind the opening fence of a block that shows what a cell printed.
OUTPUT = "text output"
OUTPUT_BLOCK = re.compile(rf"^(```{OUTPUT}\n)(.*?)(^```$)", re.MULTILINE | re.DOTALL)
# The heading of the exercise, and the last line of every page.
YOUR_TURN = "\n## Your turn\n"
NEXT = "**Next:** type `lab` in the lab's shell. It names the next lesson."
# What MLflow prints to stderr when a model is registered.
ANNOUNCEMENT = re.compile(
    r"^(?:Successfully registered model '.*'\.|Registered model '.*' already exists\. .*"
    r"|Created version '\d+' of model '.*'\."
    r"|Copied version '\d+' of model '.*' to version '\d+' of model '.*'\.)\n?",
    re.MULTILINE,
)
# Where a warning says that it comes from: a cell's file has another name each time.
ORIGIN = re.compile(r"^/\S+\.py:\d+(?=: \w+Warning)", re.MULTILINE)
# What is different each time, with what stands for it in a comparison.
VARIES = [
    (re.compile(r"^/?\S+\.py(:\d+)?(?=: \w+Warning)", re.MULTILINE), "SCRIPT"),
    (
        re.compile(r"^Registered model ('.*') already exists\..*", re.MULTILINE),
        r"Successfully registered model \1.",
    ),
    (re.compile(r"\b(m-)?[0-9a-f]{32}\b"), "ID"),
    (
        re.compile(r"\d{4}[-/]\d\d[-/]\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|\+\d\d:\d\d| UTC)?"),
        "TIME",
    ),
    (re.compile(r"\b\d+(\.\d+)?(?= m?s\b)"), "N"),
    (re.compile(r"(?i)(?<=\bversion )'?\d+'?"), "N"),
    (re.compile(r"(?<=models:/)(\w+)/\d+"), r"\1/N"),
    (re.compile(r"(?<=mlflow-artifacts:/)\d+"), "N"),
    (re.compile(r"[ \t]+"), " "),
]


def as_notebook(lab: Lab, script: str) -> NotebookNode:
    """Run a script as a notebook where make notebook has its kernels, and return it with its output."""
    socket = lab.warm_socket("notebook")
    return nbformat.reads(lab.script("execute_notebook", script, socket, profile="notebook"), 4)


@contextmanager
def servers(lab: Lab, lesson: Lesson) -> Iterator[None]:
    """Run the servers that a lesson calls, as its reader does in a second terminal: with `lab serve`."""
    if not services.description(lesson).services:
        yield
        return
    # Ctrl-C does not reach what runs in a container: there, the end of standard input stands for it.
    until_stdin_ends = (
        'exec 3<&0; lab serve "$0" & server=$!; '
        "{ read <&3; kill $server; } >/dev/null 2>&1 & wait $server"
    )
    process = lab.popen(
        *("bash", "-c", until_stdin_ends, lesson.number),
        stdin=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        lines: list[str] = []
        while not lines or not lines[-1].startswith("Ready."):
            lines.append(process.stdout.readline())
            assert lines[-1], "".join(lines)
        yield
    finally:
        process.communicate(timeout=60)


def page(lesson: Lesson, notebook: NotebookNode) -> str:
    """Return the lesson's page in Markdown: what the notebook shows, and how to read and run it."""
    first, *rest = [part for cell in notebook.cells for part in blocks(cell)]
    text = "\n\n".join([first, how_to_read(lesson), *rest, NEXT]) + "\n"
    before, heading, after = text.partition(YOUR_TURN)
    return f"{before}{heading}\n{how_to_run(lesson, after)}\n{after}"


def blocks(cell: NotebookNode) -> list[str]:
    """Return a cell as blocks of Markdown: its text, or its code and what it printed."""
    if cell.cell_type == "markdown":
        return [cell.source.strip()]
    # The order of the two streams is not the same each time.
    streams = [o for name in ("stderr", "stdout") for o in cell.outputs if o.get("name") == name]
    output = "".join(o.text for o in streams).strip("\n")
    shown = [f"```python\n{cell.source.strip()}\n```"]
    if output:
        shown.append(f"```{OUTPUT}\n{ORIGIN.sub('run.py', output)}\n```")
    return shown


def how_to_read(lesson: Lesson) -> str:
    """Return the paragraph on how to read a page, which every page has."""
    return (
        f"Read down to *Your turn*; there you run the code. The blocks of Python are the parts of "
        f"`tutorial/{lesson.name}/run.py`, and below each one you see what it prints. If an output has ids or version "
        "numbers, yours may differ. The [glossary](../words.md) explains MLflow's words."
    )


def how_to_run(lesson: Lesson, after: str) -> str:
    """Return the paragraphs on how to run a lesson, which every page has; `after` is the page below them."""
    if lesson.needs.exists():
        where, command = "a terminal, in the lab's folder", f"make lesson-{lesson.number}"
    else:
        where, command = "the lab's shell", f"lab run {int(lesson.number)}"
    spoils = ""
    # Code below shows what the reader is asked to predict.
    if "```python" in after.partition("**Predict")[2]:
        spoils = "This runs the rest of the page, too. If you want to read it first, come back here later.\n\n"
    install = serve = ""
    if lesson.needs.exists():
        install = f" With Docker, set NOTEBOOK_EXTRAS={lesson.profile} in the file `.env` there."
    if services.description(lesson).services:
        serve = f" Before its first block, type `lab serve {int(lesson.number)}` in another terminal of JupyterLab."
    return (
        f"First run the code of this page in {where}:\n\n    {command}\n\n{spoils}"
        f"To run it block by block instead, open another terminal in the lab's folder.{install} Type `make notebook`, "
        f"open the address that it prints, and double-click `tutorial/{lesson.name}/run.py`: it opens as a notebook."
        f"{serve}"
    )


def outputs_on_page(text: str) -> str:
    """Return what the cells print, as a page shows it."""
    return "\n".join(output[2] for output in OUTPUT_BLOCK.finditer(text))


def comparable_page(text: str) -> str:
    """Return a page in which only what the cells print is without what is different each time."""
    return OUTPUT_BLOCK.sub(lambda block: f"{block[1]}{comparable(block[2])}\n{block[3]}", text)


def comparable(text: str) -> str:
    """Return an output without what is different each time: ids, times, numbers of versions, widths of columns."""
    for pattern, stand_in in VARIES:
        text = pattern.sub(stand_in, text)
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def without_announcements(text: str) -> str:
    """Return an output without the lines that MLflow prints to stderr when a model is registered."""
    return ANNOUNCEMENT.sub("", text)
