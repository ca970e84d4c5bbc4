"""Of every exercise on disk: the starter fails, the solution and other right answers pass, wrong ones fail.

What is right and wrong is data: a lesson's .lesson/answers/right_*.py and wrong_*.py. The first line of
a wrong answer's docstring is a part of the message that its learner must get, and answers/starter.txt
that part of the starter's. Run inside a lab.
"""

import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import mlflow
import pytest

from lab.lessons import Lesson, docstring, lab_root, lessons
from lab.verdict import Verdict, check
from tests.inside.sandbox import copy_under_other_names, remove_everything

LESSONS = lessons(lab_root())
RIGHT = [(le.name, p.name) for le in LESSONS for p in sorted(le.support.glob("answers/right_*.py"))]
WRONG = [(le.name, p.name) for le in LESSONS for p in sorted(le.support.glob("answers/wrong_*.py"))]
NAMES = [lesson.name for lesson in LESSONS]


@dataclass
class Attempts:
    """Answers carried out under names of their own, and checked."""

    folder: Path
    prefixes: list[str] = field(default_factory=list)
    lesson: Lesson | None = None

    def __call__(self, name: str, script: str | None) -> Verdict:
        """Carry out a lesson's script, or none, and return the verdict."""
        self.prefixes.append(copy_under_other_names(self.folder, only=name))
        copy = self.folder / "tutorial" / f"{self.prefixes[-1]}_{name}"
        if script:
            exercise = copy / "exercise.py"
            # As the learner does: whatever the answer, it stands in exercise.py.
            if script != exercise.name:
                shutil.copyfile(copy / script, exercise)
            command = [sys.executable, str(exercise)]
            ran = subprocess.run(command, cwd=self.folder, text=True, capture_output=True)
            assert ran.returncode == 0, ran.stdout + ran.stderr
        self.lesson = Lesson(self.folder, copy)
        return self.again()

    def again(self) -> Verdict:
        """Check once more what is there."""
        return check(self.lesson)


@pytest.fixture
def verdict_on(tmp_path, monkeypatch):
    """Lend a function that carries out an answer and has it checked; all it made is removed."""
    monkeypatch.setenv("LAB_OUTPUT", str(tmp_path / "output"))
    attempts = Attempts(tmp_path)
    yield attempts
    for prefix in attempts.prefixes:
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
def test_starter_runs_and_fails_its_check_with_the_intended_next_action(verdict_on, name):
    verdict = verdict_on(name, "exercise.py")
    assert not verdict.passed
    intended = lab_root() / "tutorial" / name / ".lesson" / "answers" / "starter.txt"
    assert intended.read_text(encoding="utf-8").strip() in verdict.text
    assert 0 < len(verdict.text.splitlines()) <= 4, verdict.text


@pytest.mark.parametrize("name", NAMES)
def test_solution_passes(verdict_on, name):
    verdict = verdict_on(name, ".lesson/solution.py")
    assert verdict.passed, verdict.text


@pytest.mark.parametrize(
    "name", [le.name for le in LESSONS if "register" in le.solution.read_text()]
)
def test_a_version_that_somebody_deleted_is_said_to_be_missing(verdict_on, name):
    client = mlflow.MlflowClient()
    before = {model.name for model in client.search_registered_models()}
    assert verdict_on(name, ".lesson/solution.py").passed
    made = [model for model in client.search_registered_models() if model.name not in before]
    for model in made:
        for version in client.search_model_versions(f"name = '{model.name}'"):
            client.delete_model_version(model.name, version.version)
    verdict = verdict_on.again()
    assert not verdict.passed
    assert 0 < len(verdict.text.splitlines()) <= 4, verdict.text
    assert "could not judge" not in verdict.text


@pytest.mark.parametrize(
    "name", [le.name for le in LESSONS if "start_check" in le.check.read_text()]
)
def test_a_server_that_is_away_is_no_pass(verdict_on, monkeypatch, name):
    with monkeypatch.context() as away:
        away.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
        # What patience there is, tests/lessons/test_server_address.py sees.
        away.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        verdict = verdict_on(name, None)
    assert not verdict.passed
    assert verdict.text.startswith("No MLflow server answers at http://127.0.0.1:9")


@pytest.mark.parametrize(("name", "script"), RIGHT)
def test_other_right_answer_passes(verdict_on, name, script):
    verdict = verdict_on(name, f".lesson/answers/{script}")
    assert verdict.passed, verdict.text


@pytest.mark.parametrize(("name", "script"), WRONG)
def test_wrong_answer_fails_with_its_own_message(verdict_on, name, script):
    verdict = verdict_on(name, f".lesson/answers/{script}")
    assert not verdict.passed
    assert message(lab_root() / "tutorial" / name / ".lesson" / "answers" / script) in verdict.text
    assert len(verdict.text.splitlines()) <= 4, verdict.text


@pytest.mark.parametrize("name", NAMES)
def test_there_are_enough_answers_and_the_wrong_ones_get_different_messages(name):
    folder = lab_root() / "tutorial" / name / ".lesson" / "answers"
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
