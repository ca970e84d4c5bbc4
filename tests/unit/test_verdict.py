"""The verdict of a check, for everything that the learner's exercise and the check itself may do."""

import subprocess
import time
from pathlib import Path

import pytest

from lab.lessons import Lesson
from lab.verdict import as_shipped, check


@pytest.fixture
def lesson(tmp_path):
    folder = tmp_path / "tutorial" / "04_new"
    (folder / ".lesson").mkdir(parents=True)
    (folder / "exercise.py").write_text("x = 1\n")
    return Lesson(tmp_path, folder)


def test_exit_status_0_means_passed_and_the_text_says_what_was_proven(lesson):
    lesson.check.write_text("print('ok  it is there')\n")
    assert (check(lesson).passed, check(lesson).text) == (True, "ok  it is there")


def test_a_check_that_exits_with_a_message_has_not_passed(lesson):
    lesson.check.write_text("import sys; sys.exit('Do this next.')\n")
    assert (check(lesson).passed, check(lesson).text) == (False, "Do this next.")


def test_a_check_with_a_bug_shows_no_traceback_and_has_not_passed(lesson):
    lesson.check.write_text("raise RuntimeError('broken')\n")
    verdict = check(lesson)
    assert not verdict.passed
    assert "Traceback" not in verdict.text
    assert "RuntimeError: broken" in verdict.text
    assert "lab doctor" in verdict.text


def test_a_check_that_takes_too_long_is_stopped_with_its_processes_and_has_not_passed(lesson):
    lesson.check.write_text("import subprocess; subprocess.run(['sleep', '4242'])\n")
    began = time.monotonic()
    verdict = check(lesson, timeout_seconds=1)
    assert not verdict.passed
    assert "more than 1 s" in verdict.text
    assert time.monotonic() - began < 60
    running = [path.read_bytes() for path in Path("/proc").glob("[1-9]*/cmdline")]
    assert b"sleep\x004242\x00" not in running


def test_a_syntax_error_shows_the_learner_s_line(lesson):
    lesson.exercise.write_text("x = 1\nmodel = fit(\n")
    lesson.check.write_text("print('ok')\n")
    verdict = check(lesson)
    assert not verdict.passed
    assert "tutorial/04_new/exercise.py, line 2: model = fit(" in verdict.text


def test_an_exercise_is_as_shipped_only_if_git_has_it_without_a_change(lesson):
    def git(*words: str) -> None:
        name = ["-c", "user.name=learner", "-c", "user.email=learner@example.com"]
        subprocess.run(["git", *name, *words], cwd=lesson.root, check=True, capture_output=True)

    assert not as_shipped(lesson)
    git("init")
    git("commit", "--allow-empty", "--message", "nothing yet")
    assert not as_shipped(lesson)
    git("add", ".")
    git("commit", "--message", "a lesson")
    assert as_shipped(lesson)
    lesson.exercise.write_text("x = 2\n")
    assert not as_shipped(lesson)
