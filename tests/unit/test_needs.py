"""What a lesson needs of its own: .lesson/needs.py runs before the lesson's script."""

import pytest
from rich.console import Console

from lab import demo, needs
from lab.errors import LabError
from lab.lessons import Lesson


@pytest.fixture
def lesson(tmp_path):
    """A lesson whose script writes a file."""
    folder = tmp_path / "tutorial" / "07_topic"
    (folder / ".lesson").mkdir(parents=True)
    (folder / "run.py").write_text('"""Writes a file."""\nopen("written", "w").close()\n')
    return Lesson(tmp_path, folder)


def test_a_lesson_without_the_file_needs_nothing(lesson):
    assert needs.status(lesson) == 0


@pytest.mark.parametrize(("ends", "runs"), [("", True), ("raise SystemExit(77)", False)])
def test_a_demo_leaves_out_a_lesson_with_something_missing(lesson, ends, runs, capfd):
    lesson.needs.write_text(f"print('looked')\n{ends}\n")
    demo.show(lesson.root, lesson.scripts[0], lesson, Console(width=200), pause=False)
    assert (lesson.root / "written").exists() == runs
    printed = capfd.readouterr().out
    assert "looked" in printed
    assert ("left out" in printed) == (not runs)


def test_a_demo_ends_at_a_lesson_whose_server_does_not_answer(lesson):
    lesson.needs.write_text("raise SystemExit('No server answers.')\n")
    with pytest.raises(LabError, match="ended with exit status 1"):
        demo.show(lesson.root, lesson.scripts[0], lesson, Console(width=200), pause=False)
    assert not (lesson.root / "written").exists()
