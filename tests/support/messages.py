"""The error messages that a lesson quotes, and what tests compare."""

import ast
import re
from pathlib import Path

from lab.lessons import Lesson
from tests.support.labs import ROOT
from tests.support.readmes import COMMAND, code, samples, section

# Parts of a message that are different each time: what is left out, what stands in quotes, a lesson.
VARIES = re.compile(r"…|\.\.\.|'[^']*'|\[…\]|\b\d\d_\w+")

# The table of known errors ends here.
END_OF_ERRORS = "<!-- end of errors -->"


def quoted_messages(page: Path, tmp_path: Path) -> list[str]:
    """Return what is quoted by hand under "When it goes wrong": code of four words or more that is no command.

    The errors in the table above it are those of lab/known_errors.toml, which tests produce.
    """
    part = tmp_path / "section.md"
    part.write_text(section(page, "When it goes wrong").rpartition(END_OF_ERRORS)[2])
    spans = [span.strip() for span in code(part) if len(span.split()) > 3]
    return [span for span in spans if not COMMAND.match(span) and not span.startswith("{")]


def seen_by_tests(lesson: Lesson) -> str:
    """Return what tests compare: the samples of output on the lesson's pages, and every string in tests."""
    folders = (lesson.folder, ROOT / "examples" / lesson.name, ROOT / "tests")
    names = ("test_*.py", "pages.py")
    files = [file for folder in folders for name in names for file in folder.rglob(name)]
    strings = [
        node.value
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    pages = (lesson.page, lesson.reference)
    strings += [sample.promised for page in pages for sample in samples(page)]
    # A pattern's backslashes are none of the message.
    return re.sub(r"\\(.)", r"\1", "\n".join(strings)).replace("`", "")


def untested(quoted: list[str], tested: str) -> list[str]:
    """Return the parts of quoted messages that no test compares; parts of up to three words do not count."""
    parts = [part for text in quoted for part in VARIES.split(text.replace("`", ""))]
    parts = [part.strip(" .,:;[]") for part in parts]
    return [part for part in parts if len(part.split()) > 3 and part not in tested]
