"""The pages of errors agree with lab/known_errors.toml. `make pages` writes them."""

import difflib

import pytest

from lab.known_errors import known_errors
from lab.lessons import lessons
from tests.support.error_pages import PAGE, documented, errors_page, reference_page
from tests.support.labs import ROOT

pytestmark = pytest.mark.quick

LESSONS = lessons(ROOT)


@pytest.fixture(autouse=True)
def outside_of_a_lab(monkeypatch):
    """The pages must not name the address of a lab that is running here."""
    for name in ("LAB_MODE", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)


def assert_up_to_date(page, text, request):
    """Assert that a page has this text. With the option --pages, write the page instead."""
    old = page.read_text(encoding="utf-8") if page.exists() else ""
    if old == text:
        return
    if request.config.getoption("pages"):
        page.write_text(text, encoding="utf-8")
        return
    lines = difflib.unified_diff(old.splitlines(), text.splitlines(), page.name, "now", lineterm="")
    difference = "\n".join(lines)
    pytest.fail(f"{page} is out of date. To write it again: make pages\n{difference}")


def test_the_page_of_errors_lists_all_known_errors(request):
    assert_up_to_date(PAGE, errors_page(), request)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_a_lesson_s_reference_lists_its_errors(lesson, request):
    assert_up_to_date(lesson.reference, reference_page(lesson), request)


def test_a_lesson_that_has_errors_has_the_place_for_their_table():
    for lesson in LESSONS:
        has_errors = any(lesson.number in error.lessons for error in known_errors())
        text = lesson.reference.read_text(encoding="utf-8")
        assert has_errors == ("<!-- errors -->\n" in text), lesson.name


@pytest.mark.parametrize("error", known_errors(), ids=lambda error: error.name)
def test_an_error_is_recognised_by_its_own_message_and_by_the_message_in_place_of_a_traceback(
    error,
):
    answer = documented(error)
    assert "$" not in answer.cause + answer.remedy
    if error.instead_of_traceback:
        assert error.expression.search(" ".join(str(answer).split()))


def test_each_error_has_a_name_of_its_own():
    names = [error.name for error in known_errors()]
    assert sorted(set(names)) == sorted(names)
