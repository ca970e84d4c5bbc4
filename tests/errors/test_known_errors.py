"""The errors that `lab why` explains: the tests produce each one, and `lab why` recognises it."""

import ast
import json
import re
from functools import cache

import pytest

from lab.known_errors import KnownError, known_errors
from tests.support.known import assert_known
from tests.support.labs import ROOT, Lab

FILES = list(ROOT.glob("tests/inside/errors/*.py"))
# Each function produces the error that has its name.
PRODUCERS = {
    function.name
    for file in FILES
    for function in ast.parse(file.read_text(encoding="utf-8")).body
    if isinstance(function, ast.FunctionDef) and not function.name.startswith("_")
}


@pytest.fixture(scope="module")
def produced(embedded_lab: Lab):
    """A function that returns what the errors of a topic print, by name."""

    @cache
    def of_topic(topic: str) -> dict[str, str]:
        return json.loads(embedded_lab.script("produce_errors", topic))

    return of_topic


@pytest.mark.parametrize(
    "error",
    [error for error in known_errors() if error.name in PRODUCERS],
    ids=lambda error: error.name,
)
def test_an_error_that_really_happens_is_recognised(produced, error: KnownError):
    assert_known(produced(error.topic)[error.name], error.name)


def test_the_errors_leave_a_lab_in_which_nothing_is_wrong(produced, embedded_lab):
    produced("store")
    assert embedded_lab.run("lab", "doctor").returncode == 0


@pytest.mark.quick
def test_each_known_error_is_produced_here_or_by_another_test():
    tests = [*ROOT.glob("tests/**/test_*.py"), *ROOT.glob("tutorial/*/.lesson/test_claims.py")]
    texts = "\n".join(path.read_text(encoding="utf-8") for path in tests)
    asserted = set(re.findall(r'assert_known\(.*?"(\w+)"\)$', texts, flags=re.MULTILINE))
    assert PRODUCERS | asserted == {error.name for error in known_errors()}
