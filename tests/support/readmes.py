"""What a Markdown file of ours shows: its blocks of code, the commands in them, its headings and links."""

import doctest
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from sybil import Document
from sybil.parsers.markdown.lexers import FencedCodeBlockLexer

from tests.support.checkout import files
from tests.support.labs import Lab

# `...` stands for what differs each time: an id, the number of a version. Widths of columns may differ.
RULES = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
# How long something took differs each time.
DURATION = re.compile(r"\d+(?:\.\d+)? (?=m?s\b)")
# How a README writes a command for the shell of a profile's trainer.
IN_PROFILE = re.compile(r"^docker compose exec (\w+) ")
# A script that is run, behind the variables that are set for it.
PYTHON = re.compile(r"^((?:[A-Z_]+=\S+ )*)python3? (?=\S+\.py\b)")
COMMAND = re.compile(r"(?:[A-Z_]+=\S+ )*(?:curl|diff|docker|lab|make|mlflow|python3?) ")


@dataclass(frozen=True)
class Block:
    """A fenced block: the words after the opening fence, its text, and the line where it begins."""

    words: list[str]
    text: str
    line: int


def fenced(file: Path, kind: str) -> list[Block]:
    """Return the fenced blocks of one kind, `console` or `sh`, in order."""
    document = Document.parse(str(file), FencedCodeBlockLexer(rf"{kind}\b.*"))
    return [
        Block(
            found.region.lexemes["language"].split()[1:], found.region.lexemes["source"], found.line
        )
        for found in document
    ]


@dataclass(frozen=True)
class Sample:
    """A command with what it prints: where the page shows it, and the only mode in which it is true, or ""."""

    where: str
    mode: str
    command: str
    promised: str


def samples(readme: Path) -> list[Sample]:
    """Return the commands that a README shows with what they print: its blocks `console`."""
    found = []
    for block in fenced(readme, "console"):
        where = f"{readme}:{block.line}"
        command, _, promised = block.text.partition("\n")
        assert command.startswith("$ ") and block.words in ([], ["stack"], ["embedded"]), where
        found.append(Sample(where, "".join(block.words), command.removeprefix("$ "), promised))
    return found


def in_shell(lab: Lab, command: str, merged: bool = False) -> subprocess.CompletedProcess[str]:
    """Run a command as a README has it typed: in the lab's folder, in the trainer that it names.

    With `merged`, what it prints to stderr is in stdout, at its place, as a terminal shows it.
    """
    profile = IN_PROFILE.match(command)
    typed = IN_PROFILE.sub("", command)
    if not profile:
        # A script need not import MLflow again.
        typed = PYTHON.sub(rf"\1{' '.join(lab.warm_python())} ", typed)
    if merged:
        typed = f"export PYTHONUNBUFFERED=1; {{ {typed}; }} 2>&1"
    inner = f'cd "${{LAB_ROOT:-/lab}}" && {typed}'
    return lab.run("bash", "-c", inner, profile=profile[1] if profile else None)


def assert_holds(sample: Sample, ran: subprocess.CompletedProcess[str]) -> None:
    """Assert that the command worked and printed what the README promises."""
    assert ran.returncode == 0, f"{sample.where}\n{ran.stdout}\n{ran.stderr}"
    assert_prints(sample, ran.stdout)


def assert_prints(sample: Sample, printed: str) -> None:
    """Assert that this is what the README promises."""
    promised, printed = (DURATION.sub("N ", text) for text in (sample.promised, printed))
    checker = doctest.OutputChecker()
    if not checker.check_output(promised, printed, RULES):
        example = doctest.Example(sample.command, promised)
        differs = checker.output_difference(example, printed, RULES)
        pytest.fail(f"{sample.where}\n$ {sample.command}\n{differs}")


def tokens(file: Path) -> Iterator[Token]:
    """Yield what Markdown makes of a file, the parts of paragraphs and tables too."""
    for token in MarkdownIt("commonmark").enable("table").parse(file.read_text(encoding="utf-8")):
        yield token
        yield from token.children or ()


def fences(file: Path) -> list[str]:
    """Return what stands behind each opening fence."""
    return [token.info for token in tokens(file) if token.type == "fence"]


def indented_commands(file: Path) -> list[str]:
    """Return the commands in indented blocks, which a reader types; a backslash continues a line."""
    blocks = [token.content for token in tokens(file) if token.type == "code_block"]
    lines = "\n".join(blocks).replace("\\\n", "").splitlines()
    return [re.sub(r"\s+(#.*)?", " ", line).strip() for line in lines if COMMAND.match(line)]


def code(file: Path) -> list[str]:
    """Return all that a file shows as code: spans, blocks line by line."""
    kinds = ("code_inline", "code_block", "fence")
    return [
        line.removeprefix("$ ")
        for token in tokens(file)
        if token.type in kinds
        for line in token.content.splitlines()
    ]


def headings(file: Path) -> list[tuple[str, str]]:
    """Return the headings with their level, as ("h2", "Run it")."""
    found = list(tokens(file))
    return [
        (token.tag, found[n + 1].content)
        for n, token in enumerate(found)
        if token.type == "heading_open"
    ]


def anchors(file: Path) -> dict[str, str]:
    """Return a file's headings by the anchors that GitHub gives them."""
    return {anchor(title): title for _, title in headings(file)}


def anchor(title: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def section(file: Path, title: str) -> str:
    """Return the Markdown below a heading of the second level."""
    text = file.read_text(encoding="utf-8")
    return re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)[1]


def markdown_files() -> list[Path]:
    """Return every Markdown file of the checkout that git does not ignore."""
    return files("*.md")
