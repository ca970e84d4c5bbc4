"""The errors that the lab can explain: how to recognise each one, its cause, and what to do about it.

They are in known_errors.toml, which describes its own fields. `lab why`, the messages in place of tracebacks,
`lab doctor`, docs/errors.md and the tables in the lessons' REFERENCE.md all take their words from there.
"""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from string import Template
from typing import Any

FILE = Path(__file__).with_suffix(".toml")
# `find` searches only the end of a text, and only the two ends of a long word, such as an encoded file. The reason is
# that the time of some patterns grows with the square of a word's length.
MAX_CHARACTERS = 200_000
MAX_WORD = 300
# The first line of a traceback. A log may put a prefix before it. A quoted traceback does not count.
TRACEBACK = re.compile(r"^[^\"'\n]{0,60}Traceback \(most recent call last\):", re.MULTILINE)
# The lines between the traceback of an error and the traceback of the error that it caused.
CHAINED = (
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
)
# Colours, and other sequences that move a terminal's cursor.
ESCAPE_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class KnownError:
    """One error, with the fields of known_errors.toml. `name` is the name of its entry, `topic` of its section."""

    name: str
    topic: str
    message: str
    pattern: str
    cause: str
    remedy: str
    # The page that shows more. Empty if there is none.
    see: str = ""
    lessons: list[str] = field(default_factory=list)
    # Whether the message takes the place of a Python traceback.
    instead_of_traceback: bool = False

    @cached_property
    def expression(self) -> re.Pattern[str]:
        """The compiled pattern."""
        return re.compile(self.pattern)


@dataclass(frozen=True)
class Topic:
    """A section of known_errors.toml."""

    name: str
    title: str
    errors: list[KnownError]


@dataclass(frozen=True)
class Answer:
    """The explanation of an error, with the names and numbers of the message that was found."""

    error: KnownError
    # The part of the text that matches the error's pattern.
    message: str
    cause: str
    remedy: str

    def __str__(self) -> str:
        """Return the cause, and what to do on the next line."""
        return f"{self.cause}\n{self.remedy}"


@cache
def topics() -> list[Topic]:
    """Return the known errors in the order of the file."""
    sections = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return [topic(name, section) for name, section in sections.items()]


def topic(name: str, section: dict[str, Any]) -> Topic:
    """Return the topic of one section of the file."""
    title = section.pop("title")
    errors = [KnownError(error, name, **fields) for error, fields in section.items()]
    return Topic(name, title, errors)


def known_errors() -> list[KnownError]:
    """Return all known errors."""
    return [error for topic in topics() for error in topic.errors]


def answer(name: str, **values: str) -> Answer:
    """Return the answer to the error with this name. `values` replace the names that begin with $ in it."""
    [error] = [error for error in known_errors() if error.name == name]
    return fill(error, error.message, values)


def find(text: str, among: list[KnownError] | None = None) -> Answer | None:
    """Return the answer to the last known error in a text, such as a traceback or a log. Return None without one.

    If the text contains tracebacks, look only at the last one, the tracebacks of its causes, and the text after it.
    """
    text = one_line(from_last_traceback(text[-MAX_CHARACTERS:]))
    last: re.Match[str] | None = None
    found: KnownError | None = None
    for error in known_errors() if among is None else among:
        for match in error.expression.finditer(text):
            # If two errors end at the same place, take the first in the file, which is more specific.
            if last is None or match.end() > last.end():
                last, found = match, error
    if last is None or found is None:
        return None
    return fill(found, last[0], {name: value for name, value in last.groupdict().items() if value})


def from_last_traceback(text: str) -> str:
    """Return a text from the last traceback on, with the tracebacks of its causes. Without one, return the text."""
    starts = [match.start() for match in TRACEBACK.finditer(text)]
    while len(starts) > 1 and text[: starts[-1]].rstrip().endswith(CHAINED):
        starts.pop()
    return text[starts[-1] :] if starts else text


def one_line(text: str) -> str:
    """Return a text without colours, with each sequence of white space as one space. Terminals break lines."""
    words = ESCAPE_SEQUENCE.sub("", text).split()
    half = MAX_WORD // 2
    return " ".join(
        word if len(word) <= MAX_WORD else f"{word[:half]}…{word[-half:]}" for word in words
    )


def fill(error: KnownError, message: str, values: dict[str, str]) -> Answer:
    """Return the answer. Values replace the names that begin with $ in it."""
    values = here() | values
    # If a part of the pattern did not match, its name stays in the answer. That is better than no answer.
    cause, remedy = (
        Template(words).safe_substitute(values) for words in (error.cause, error.remedy)
    )
    return Answer(error, message, cause, remedy)


def here() -> dict[str, str]:
    """Return the values that depend on where this runs: the server's address, how to start it, and its log."""
    in_the_stack = os.environ.get("LAB_MODE") == "stack"
    return {
        "address": os.environ.get("MLFLOW_TRACKING_URI", "http://localhost:5000"),
        "start": "docker compose up --wait" if in_the_stack else "make up",
        "log": "docker compose logs mlflow" if in_the_stack else ".lab/server.log",
    }
