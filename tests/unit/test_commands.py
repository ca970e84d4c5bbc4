"""`python3 -m host`: every command has help, and every target of make calls one that exists."""

import re
import subprocess
import sys

import pytest

from tests.support.labs import ROOT


def host(*words: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the host."""
    command = [sys.executable, "-m", "host", *words]
    return subprocess.run(command, cwd=ROOT, text=True, capture_output=True)


def test_help_lists_every_command_that_make_calls():
    called = re.findall(r"\$\(LAB\) ([\w-]+)", (ROOT / "Makefile").read_text())
    listed = re.findall(r"^    ([a-z][\w-]+)", host("--help").stdout, flags=re.MULTILINE)
    # The dev container calls the last one.
    assert set(listed) == {*called, "prepare"}
    assert "python3 -m host prepare" in (ROOT / ".devcontainer/devcontainer.json").read_text()


def test_a_command_has_help_of_its_own():
    shown = host("restore", "--help")
    assert shown.returncode == 0
    assert "usage: python3 -m host restore [-h] file" in shown.stdout
    assert "Restore a backup into an empty lab." in shown.stdout


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("restore",),
        ("restore", "a.tar", "b.tar"),
        ("up", "now"),
        ("install", "nothing"),
        ("repair",),
    ],
)
def test_wrong_arguments_get_the_usage(words):
    refused = host(*words)
    assert refused.returncode == 2
    assert "usage: python3 -m host" in refused.stderr
    assert refused.stdout == ""
