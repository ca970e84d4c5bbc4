"""The lessons' pages: each shows its script's text, code and output as they are now. `make pages` writes them."""

import difflib

import pytest

from lab.lessons import lessons
from tests.support.labs import ROOT
from tests.support.notebooks import as_notebook, comparable_page, page, servers

LESSONS = lessons(ROOT)
CASES = [
    pytest.param(lesson, id=lesson.name, marks=[pytest.mark.quick] if lesson.number == "02" else [])
    for lesson in LESSONS
]


@pytest.mark.parametrize("lesson", CASES)
def test_a_page_shows_what_the_lesson_s_notebook_shows(embedded_lab, lesson, request):
    script = lesson.scripts[0]
    with servers(embedded_lab, lesson):
        notebook = as_notebook(embedded_lab, str(script))
    text = page(lesson, notebook)
    old = lesson.page.read_text(encoding="utf-8") if lesson.page.exists() else ""
    old_lines, lines = (comparable_page(version).splitlines() for version in (old, text))
    if old_lines == lines:
        return
    if request.config.getoption("pages"):
        lesson.page.write_text(text, encoding="utf-8")
        return
    difference = "\n".join(difflib.unified_diff(old_lines, lines, "README.md", "now", lineterm=""))
    pytest.fail(f"{lesson.page} is out of date. To write it again: make pages\n{difference}")
