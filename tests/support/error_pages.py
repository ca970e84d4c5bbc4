"""The pages that are made from the known errors: docs/errors.md, and the tables in the lessons' REFERENCE.md."""

import os
import re
from pathlib import Path

from lab.known_errors import Answer, KnownError, find, known_errors, topics
from lab.lessons import Lesson
from tests.support.labs import ROOT
from tests.support.readmes import anchors, headings

PAGE = ROOT / "docs" / "errors.md"
TABLE = re.compile(r"(?<=<!-- errors -->\n).*(?=<!-- end of errors -->\n)", re.DOTALL)
INTRODUCTION = """\
# Errors and what to do about them

<!-- `make pages` writes this page from trainer/lab/known_errors.toml. -->

Look for your message below, for example with your browser's search. In the lab's shell, the command `lab why` does this for you. It explains the last error of that shell, or the message that you give it:

```sh lab
lab why "Registered model alias Champion not found."
```

You can also pipe what a command prints: `python my_script.py 2>&1 | lab why`. `lab doctor` looks for errors in the set-up, and [Troubleshooting](troubleshooting.md) lists problems without a message. A "…" stands for text that varies.
"""


def errors_page() -> str:
    """Return docs/errors.md with all known errors."""
    parts = [INTRODUCTION]
    for topic in topics():
        parts.append(f"## {topic.title}\n")
        for error in topic.errors:
            answer = documented(error)
            parts.append(
                f"### {span(error.message)}\n\n{answer.cause}\n\n{answer.remedy} "
                f"See {link(error.see, PAGE)}.\n"
            )
    return "\n".join(parts)


def reference_page(lesson: Lesson) -> str:
    """Return a lesson's REFERENCE.md with the table of the errors that belong to the lesson."""
    text = lesson.reference.read_text(encoding="utf-8")
    rows = ["| message | what it means, and what to do |", "|---|---|"]
    for error in known_errors():
        if lesson.number in error.lessons:
            answer = documented(error)
            words = f"{answer.cause} {answer.remedy}"
            # A link back to this page would lead to this table.
            page = lesson.reference.relative_to(ROOT).as_posix()
            if error.see != f"{page}#when-it-goes-wrong":
                words += f" See {link(error.see, lesson.reference)}."
            rows.append(f"| {cell(span(error.message))} | {cell(words)} |")
    table = "\n" + "\n".join(rows) + "\n\n"
    return TABLE.sub(lambda _: table, text)


def documented(error: KnownError) -> Answer:
    """Return the answer to an error as the documentation shows it, with the values in the documented message.

    Raises ValueError if the error's pattern does not match the message.
    """
    answer = find(error.message, [error])
    if answer is None:
        raise ValueError(f"The pattern of {error.name} does not match its message.")
    return answer


def span(text: str) -> str:
    """Return a text as code in Markdown."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{text}{space}{fence}"


def cell(text: str) -> str:
    """Return a text as it stands in a cell of a table."""
    return text.replace("|", "\\|")


def link(see: str, page: Path) -> str:
    """Return a link from a page to a section of another page, or to another page."""
    name, _, anchor = see.partition("#")
    target = ROOT / name
    title = anchors(target)[anchor] if anchor else headings(target)[0][1]
    address = "" if target == page else os.path.relpath(target, page.parent)
    return f"[{title}]({address}{'#' if anchor else ''}{anchor})"
