"""`lab why`: the cause of an error, what to do about it, and a page that says more."""

import os
import re
import sys
import time
from pathlib import Path
from textwrap import shorten
from urllib.parse import quote_plus

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lab import last_error
from lab.errors import LabError
from lab.known_errors import MAX_CHARACTERS, TRACEBACK, Answer, find
from lab.last_run import duration

MESSAGE_WIDTH = 240
ISSUES = "https://github.com/mlflow/mlflow/issues?q="
# A line of a traceback with the place in the code, and the line of code after it.
FRAME = re.compile(r'^ *File "([^"]+)", line (\d+).*\n(?: +(.*))?', re.MULTILINE)
# Where the code of Python, of installed packages and of this package is.
FOREIGN = ("site-packages", "/lib/python", "<frozen", str(Path(__file__).parent))
# Outside of a traceback, a line that begins with the type of an error.
LAST_LINE = re.compile(
    r"^(?:[\w.]*\.)?(\w*(?:Error|Exception|Exit|Warning|Interrupt)\b.*)", re.MULTILINE
)


def text_to_explain(words: list[str], paste: bool, console: Console) -> str:
    """Return the error that the user means: the words, the pasted or piped text, or the last error in this shell.

    Raises LabError if there is none.
    """
    if words:
        # An argument may contain bytes that are not text.
        return " ".join(words).encode(errors="replace").decode()
    has_terminal = sys.stdin is None or sys.stdin.isatty()
    if paste and has_terminal:
        console.print("Paste the error. Then press Enter and Ctrl-D.")
    if paste or not has_terminal:
        text = end_of_input()
        if text.strip() or paste:
            return text
    last = last_error.latest()
    if last is None:
        raise LabError(
            "No Python in this shell has ended with an error since you opened it.\n"
            "To explain an error from elsewhere, type `lab why --paste` and paste it. Or pipe what a command prints: "
            "python my_script.py 2>&1 | lab why"
        )
    age = duration(max(0, time.time() - last.time))
    console.print(f"[dim]The last error, {age} ago:[/dim]")
    return last.text


def end_of_input() -> str:
    """Read the standard input to its end. Return the last part of it, which is searched for errors."""
    end = b""
    while sys.stdin and (part := os.read(sys.stdin.fileno(), MAX_CHARACTERS)):
        end = (end + part)[-MAX_CHARACTERS:]
    return end.decode(errors="replace")


def why(text: str, console: Console) -> bool:
    """Print the cause of the last error in a text, and what to do. Return whether the lab can explain it.

    Raises LabError if there is no text.
    """
    if not text.strip():
        raise LabError(
            "There is no text to explain. Paste the error's message, or pipe it to `lab why`."
        )
    answer = find(text)
    if answer is None:
        show_unknown(text, console)
        return False
    show(answer, console)
    return True


def show(answer: Answer, console: Console) -> None:
    """Print the answer to a known error."""
    message = shorten(answer.message, MESSAGE_WIDTH, placeholder=" …")
    console.print(f"[bold]{escape(message)}[/bold]")
    table = Table.grid(padding=(0, 2))
    table.add_row("[bold]Why[/bold]", escape(answer.cause))
    table.add_row("[bold]Do[/bold]", escape(answer.remedy))
    if answer.error.see:
        table.add_row("[bold]See[/bold]", escape(answer.error.see))
    console.print(table)


def show_unknown(text: str, console: Console) -> None:
    """Say that the error is not known, and what to look at next."""
    message = shorten(last_message(text), MESSAGE_WIDTH, placeholder=" …")
    console.print(f"[bold]{escape(message)}[/bold]")
    console.print("`lab why` does not know this error. What to look at next:")
    steps = []
    if own := own_line(text):
        steps.append(f"This line of your code led to it: {own}")
    # Numbers and quoted names differ from case to case, so leave them out of the search.
    words = re.split(r"['\"`\d]", message, maxsplit=1)[0].strip(" :")
    steps += [
        "`lab doctor` says whether something is wrong with the set-up.",
        "docs/errors.md lists all errors that `lab why` explains, by topic.",
        f"Somebody may have reported it to MLflow: {ISSUES}{quote_plus(words or message)}",
    ]
    for number, step in enumerate(steps, start=1):
        console.print(f"  {number}. {escape(step)}", soft_wrap=True)


def last_message(text: str) -> str:
    """Return the line of a text that names the last error: the line after the last traceback, or the last line."""
    tracebacks = list(TRACEBACK.finditer(text))
    if tracebacks:
        # The lines of a traceback are indented.
        messages = re.findall(r"^\S.*", text[tracebacks[-1].end() :], re.MULTILINE)
        return messages[0] if messages else text.strip().splitlines()[-1]
    messages = LAST_LINE.findall(text)
    return messages[-1].strip() if messages else text.strip().splitlines()[-1]


def own_line(text: str) -> str | None:
    """Return the last line of your own code in a traceback, with its place. Return None if there is none."""
    own = [
        f"{file}, line {line}: {code.strip()}"
        for file, line, code in FRAME.findall(text)
        if code and not any(part in file for part in FOREIGN)
    ]
    return own[-1] if own else None
