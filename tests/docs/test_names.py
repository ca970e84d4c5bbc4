"""The Markdown files name only what exists, and everything that exists: commands, targets, files, headings."""

import re
import subprocess

import pytest
import typer

from lab.cli import app
from lab.lessons import find, lessons
from tests.support.labs import ROOT
from tests.support.readmes import anchors, code, markdown_files, tokens

pytestmark = pytest.mark.quick

FILES = markdown_files()
LESSONS = lessons(ROOT)
COMMANDS = ROOT / "docs" / "commands.md"
# By command, without --help, which every command has. A hidden command is another name for a shorter form.
OPTIONS = {
    name: {option for parameter in command.params for option in parameter.opts if "--" in option}
    for name, command in typer.main.get_command(app).commands.items()
    if not command.hidden
}

each_file = pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))


def targets() -> list[str]:
    """Return what `make help` lists."""
    listed = subprocess.run(["make", "help"], cwd=ROOT, text=True, capture_output=True, check=True)
    return re.findall(r"^make (\S+)", listed.stdout, flags=re.MULTILINE)


def test_the_table_of_lab_s_commands_has_every_command_with_every_option():
    text = COMMANDS.read_text(encoding="utf-8")
    rows = re.findall(r"^\| `lab ([a-z]+)[^`]*` \|.*$", text, flags=re.MULTILINE)
    assert sorted(rows) == sorted(OPTIONS)
    for name, options in OPTIONS.items():
        [row] = re.findall(rf"^\| `lab {name}\b.*$", text, flags=re.MULTILINE)
        assert set(re.findall(r"--\w+", row)) == options, row


@each_file
def test_a_command_of_lab_that_is_shown_exists(file):
    for line in code(file):
        for name, rest in re.findall(r"^(?:docker compose exec \w+ )?lab ([a-z]+)(.*)", line):
            assert name in OPTIONS, line
            assert set(re.findall(r"--[a-z]+", rest)) <= OPTIONS[name], line
            if deeper := re.match(r" (\d+) ([a-z]\w*)", rest if name == "run" else ""):
                assert deeper[2] in find(deeper[1], LESSONS).deeper, line


@each_file
def test_a_target_of_make_that_is_shown_exists(file):
    known = "|".join(name.replace("NN", r"(\d\d|NN)") for name in targets())
    for line in code(file):
        for name in re.findall(r"^(?:[A-Z_]+=\S+ )*make (?:[A-Z]+=\S+ )*([a-z][\w-]*)", line):
            assert re.fullmatch(known, name), line


def test_every_target_of_make_is_shown_somewhere():
    shown = "\n".join(line for file in FILES for line in code(file))
    missing = [
        name for name in targets() if not re.search(rf"\bmake {name.replace('NN', '.+')}\b", shown)
    ]
    assert missing == []


@each_file
def test_every_link_and_image_leads_somewhere(file):
    for token in tokens(file):
        target = token.attrs.get("href") or token.attrs.get("src")
        if target is None or re.match(r"https?:", target):
            continue
        name, _, anchor = target.partition("#")
        there = (file.parent / name).resolve() if name else file
        assert there.is_relative_to(ROOT) and there.exists(), target
        assert not anchor or anchor in anchors(there), target
