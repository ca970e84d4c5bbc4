"""Of every exercise on disk: the starter fails, the solution and other right answers pass, wrong ones fail.

What is right and wrong is data: a lesson's answers/right_*.py and answers/wrong_*.py. The first line of
a wrong answer's docstring is a part of the message that its learner must get. Run inside a lab.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab.check import Verdict, check
from lab.lessons import Lesson, docstring, lab_root, lessons
from tests.sandbox import copy_under_other_names, remove_everything

LESSONS = lessons(lab_root())
RIGHT = [(le.name, p.name) for le in LESSONS for p in sorted(le.folder.glob("answers/right_*.py"))]
WRONG = [(le.name, p.name) for le in LESSONS for p in sorted(le.folder.glob("answers/wrong_*.py"))]
NAMES = [lesson.name for lesson in LESSONS]


@pytest.fixture
def verdict_on(tmp_path, monkeypatch):
    """Return a function that carries out an answer under names of its own, and has it checked."""
    prefixes = []

    def answer_and_check(name: str, script: str | None) -> Verdict:
        prefixes.append(copy_under_other_names(tmp_path, only=name))
        monkeypatch.setenv("LAB_OUTPUT", str(tmp_path / "output"))
        folder = tmp_path / "tutorial" / f"{prefixes[-1]}_{name}"
        if script:
            command = [sys.executable, str(folder / script)]
            ran = subprocess.run(
                command, cwd=tmp_path, text=True, capture_output=True, env=os.environ
            )
            assert ran.returncode == 0, ran.stdout + ran.stderr
        return check(Lesson(tmp_path, folder))

    yield answer_and_check
    for prefix in prefixes:
        remove_everything(prefix)


def message(path: Path) -> str:
    """Return what an answer's docstring says its learner must read."""
    return docstring(path).partition("\n")[0]


@pytest.mark.parametrize("name", NAMES)
def test_check_before_anything_was_made_says_what_to_run(verdict_on, name):
    verdict = verdict_on(name, None)
    assert not verdict.passed
    assert "Run your exercise first: python tutorial/" in verdict.text
    assert "exercise.py" in verdict.text


@pytest.mark.parametrize("name", NAMES)
def test_starter_runs_and_fails_its_check(verdict_on, name):
    verdict = verdict_on(name, "exercise.py")
    assert not verdict.passed
    assert "Run your exercise first" not in verdict.text
    assert 0 < len(verdict.text.splitlines()) <= 4, verdict.text


@pytest.mark.parametrize("name", NAMES)
def test_solution_passes(verdict_on, name):
    verdict = verdict_on(name, "solution.py")
    assert verdict.passed, verdict.text


@pytest.mark.parametrize(("name", "script"), RIGHT)
def test_other_right_answer_passes(verdict_on, name, script):
    verdict = verdict_on(name, f"answers/{script}")
    assert verdict.passed, verdict.text


@pytest.mark.parametrize(("name", "script"), WRONG)
def test_wrong_answer_fails_with_its_own_message(verdict_on, name, script):
    verdict = verdict_on(name, f"answers/{script}")
    assert not verdict.passed
    assert message(lab_root() / "tutorial" / name / "answers" / script) in verdict.text
    assert len(verdict.text.splitlines()) <= 4, verdict.text


@pytest.mark.parametrize("name", NAMES)
def test_there_are_enough_answers_and_the_wrong_ones_get_different_messages(name):
    folder = lab_root() / "tutorial" / name / "answers"
    assert len(list(folder.glob("right_*.py"))) >= 2
    wrong = [message(path) for path in folder.glob("wrong_*.py")]
    assert len(set(wrong)) == len(wrong) >= 3


@pytest.mark.parametrize("name", NAMES)
def test_exercise_and_solution_differ_in_what_is_to_be_done_only(name):
    lesson = next(lesson for lesson in LESSONS if lesson.name == name)
    first, *rest = docstring(lesson.exercise).splitlines()
    solved, *same = docstring(lesson.solution).splitlines()
    assert solved.lower() == f"solution: {first}".lower()
    assert same == rest
    assert any(line.startswith("Your turn: ") for line in rest)
    assert rest[-1] == f"Then: lab check {lesson.number}"
    assert len(lesson.hints) == 3
