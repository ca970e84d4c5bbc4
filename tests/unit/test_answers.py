"""The answers to the exercises as they are stored: as replacements in another script."""

import ast

import pytest

from lab.lessons import Lesson, lessons
from tests.exercises.answers import answers, script
from tests.support.labs import ROOT

# The template, of which make new-lesson makes a lesson, as well.
LESSONS = [*lessons(ROOT), Lesson(ROOT, ROOT / "tutorial" / "template")]
NAMES = [(lesson, answer.name) for lesson in LESSONS for answer in answers(lesson, "")]


@pytest.mark.parametrize(
    ("lesson", "name"), NAMES, ids=[f"{lesson.name}-{name}" for lesson, name in NAMES]
)
def test_every_answer_can_be_made_of_the_scripts_as_they_are(lesson, name):
    ast.parse(script(lesson, name if name != "starter" else "exercise"))


@pytest.fixture
def lesson(tmp_path):
    """A lesson with one answer, which replaces `x = 1`."""
    lesson = Lesson(tmp_path, tmp_path / "tutorial" / "04_new")
    (lesson.support / "answers").mkdir(parents=True)
    (lesson.support / "answers" / "answers.toml").write_text(
        '[wrong_two]\nmessage = "two"\nfrom = "solution"\nreplace = [["x = 1", "x = 2"]]\n'
    )
    return lesson


def test_an_answer_is_another_script_with_its_texts_replaced(lesson):
    lesson.solution.write_text("x = 1\ny = 1\n")
    assert [answer.name for answer in answers(lesson, "wrong_")] == ["wrong_two"]
    assert script(lesson, "wrong_two") == "x = 2\ny = 1\n"


@pytest.mark.parametrize(("solution", "count"), [("x = 3\n", 0), ("x = 1\nx = 1\n", 2)])
def test_a_text_that_is_not_there_once_is_refused(lesson, solution, count):
    lesson.solution.write_text(solution)
    with pytest.raises(ValueError, match=f"wrong_two .*solution has this {count} times"):
        script(lesson, "wrong_two")
