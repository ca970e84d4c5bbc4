"""The pages that are made from the known errors: docs/errors.md, and the tables in the lessons' REFERENCE.md."""

import os
import re
from pathlib import Path

from lab.known_errors import Answer, KnownError, find, known_errors, topics
from lab.lessons import Lesson
from tests.support.labs import ROOT
from tests.support.readmes import anchor, anchors, headings

PAGE = ROOT / "docs" / "errors.md"
MARKED = re.compile(r"(?<=<!-- errors -->\n).*(?=<!-- end of errors -->\n)", re.DOTALL)


def errors_page() -> str:
    """Return docs/errors.md with all known errors."""
    contents = [f"- [{topic.title}](#{anchor(topic.title)})\n" for topic in topics()]
    parts = ["\n", *contents]
    for topic in topics():
        parts.append(f"\n## {topic.title}\n")
        for error in topic.errors:
            answer = documented(error)
            see = f" See {link(error.see, PAGE)}." if error.see else ""
            parts.append(f"\n### {span(error.message)}\n\n{answer.cause}\n\n{answer.remedy}{see}\n")
    return between_marks(PAGE, "".join(parts) + "\n")


def reference_page(lesson: Lesson) -> str:
    """Return a lesson's REFERENCE.md with the table of the errors that belong to the lesson."""
    rows = ["| message | what it means, and what to do |", "|---|---|"]
    for error in known_errors():
        if lesson.number in error.lessons:
            answer = documented(error)
            words = f"{answer.cause} {answer.remedy}"
            # A link back to this page would lead to this table.
            page = lesson.reference.relative_to(ROOT).as_posix()
            if error.see and error.see != f"{page}#when-it-goes-wrong":
                words += f" See {link(error.see, lesson.reference)}."
            rows.append(f"| {cell(span(error.message))} | {cell(words)} |")
    return between_marks(lesson.reference, "\n" + "\n".join(rows) + "\n\n")


def between_marks(page: Path, text: str) -> str:
    """Return a page with this text between its two comments that mark the errors."""
    return MARKED.sub(lambda _: text, page.read_text(encoding="utf-8"))


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
    """Return a text in the form that a cell of a table needs."""
    return text.replace("|", "\\|")


def link(see: str, page: Path) -> str:
    """Return a link from a page to a section of another page, or to another page."""
    name, _, section = see.partition("#")
    target = ROOT / name
    title = anchors(target)[section] if section else headings(target)[0][1]
    address = "" if target == page else os.path.relpath(target, page.parent)
    return f"[{title}]({address}{'#' if section else ''}{section})"
