"""The errors that `lab why` knows: each is produced for real, and `lab why` recognises it among all others."""

import ast
import json
import re
from functools import cache

import pytest

from lab.known_errors import KnownError, topics
from tests.support.known import assert_known
from tests.support.labs import ROOT, Lab

# Its errors are produced by tests that start a stack of their own.
SETUP = "setup"
ERRORS = [error for topic in topics() if topic.name != SETUP for error in topic.errors]


@pytest.fixture(scope="module")
def produced(embedded_lab: Lab):
    """A function that returns what the errors of a topic print, by name."""

    @cache
    def of_topic(topic: str) -> dict[str, str]:
        return json.loads(embedded_lab.script("produce_errors", topic))

    return of_topic


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.name)
def test_an_error_that_really_happens_is_recognised(produced, error: KnownError):
    assert_known(produced(error.topic)[error.name], error.name)


def test_a_test_produces_each_error_of_the_setup():
    texts = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("tests/**/test_*.py"))
    asserted = set(re.findall(r'assert_known\([^"]*"(\w+)"\)', texts))
    named = {error.name for topic in topics() if topic.name == SETUP for error in topic.errors}
    assert named <= asserted


def test_every_error_that_is_produced_is_known():
    produced = {
        function.name
        for file in ROOT.glob("tests/inside/errors/*.py")
        for function in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(function, ast.FunctionDef) and not function.name.startswith("_")
    }
    assert produced == {error.name for error in ERRORS}
