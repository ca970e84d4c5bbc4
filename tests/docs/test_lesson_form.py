"""The one form of a lesson's README: its sections, its commands, and messages that a test has seen."""

import re

import pytest

from lab.lessons import lessons
from tests.support.labs import ROOT
from tests.support.messages import quoted_messages, seen_by_tests, untested
from tests.support.readmes import (
    IN_PROFILE,
    fences,
    headings,
    indented_commands,
    samples,
    section,
)

ALL = lessons(ROOT)
# A lesson in the new form has a reference; tests/docs/test_lesson_page.py looks at its page.
LESSONS = [lesson for lesson in ALL if not lesson.reference.exists()]
SECTIONS = [
    "Run it",
    "What you see",
    "What happened",
    "Your turn",
    "When it goes wrong",
    "Further reading",
]
pytestmark = [
    pytest.mark.quick,
    pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name),
]


def test_a_goal_in_a_sentence_and_then_the_sections_in_order(lesson):
    readme = lesson.folder / "README.md"
    title, *sections = headings(readme)
    assert title == ("h1", f"{lesson.number} {lesson.title}")
    assert sections == [("h2", name) for name in SECTIONS]
    goal = re.search(r"^# .*\n\n(.*)\n\n## Run it\n", readme.read_text())[1]
    assert re.fullmatch(r"[A-Z][^.!?]*\.", goal), goal


def test_how_to_run_it_and_what_to_do_then_are_typed_as_everywhere(lesson):
    """Each command in an indented block is tried: here its form, in tests/lessons the rest of it."""
    readme = lesson.folder / "README.md"
    shown = {sample.command for sample in samples(readme)}
    of_profile = (
        f"docker compose --profile {lesson.profile} up --build --wait",
        f"docker compose exec {lesson.profile} bash",
    )
    typed = indented_commands(readme)
    assert f"lab check {lesson.number}" in typed
    for command in typed:
        if command.startswith("lab "):
            assert re.fullmatch(rf"lab (check|hint) {lesson.number}", command)
        elif command.startswith("make "):
            assert (command, bool(lesson.profile)) == (f"make lesson-{lesson.number}", True)
        elif command.startswith("docker "):
            assert command in (*shown, *of_profile), command
    inner = {IN_PROFILE.sub("", command) for command in typed}
    assert {f"python tutorial/{lesson.name}/run.py", f"make lesson-{lesson.number}"} & inner


def test_no_command_stands_where_it_would_not_be_tried(lesson):
    """A block `console` is compared, and `text` is a form to be filled in."""
    kinds = {info.split(" ")[0] for info in fences(lesson.folder / "README.md")}
    assert kinds <= {"console", "text"}


def test_further_reading_begins_with_mlflow_s_own_pages(lesson):
    links = re.findall(
        r"^- \[.*?\]\((.*?)\)", section(lesson.folder / "README.md", SECTIONS[-1]), re.M
    )
    assert 2 <= len([link for link in links if link.startswith("https://")]) <= 4
    assert links[0].startswith("https://mlflow.org/docs/latest/")


def test_what_mlflow_says_when_it_goes_wrong_is_in_a_test_word_for_word(lesson, tmp_path):
    quoted = quoted_messages(lesson.page, tmp_path)
    assert len(quoted) >= 3
    assert untested(quoted, seen_by_tests(lesson)) == []
