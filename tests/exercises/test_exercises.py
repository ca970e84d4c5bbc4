"""Of every exercise on disk: the starter fails, the solution and other right answers pass, wrong ones fail.

The answers are data: a lesson's .lesson/answers/answers.toml and the files beside it, which
tests/exercises/answers.py reads. Run inside a lab.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import mlflow
import pytest

from lab.lessons import Lesson, docstring, lab_root, lessons
from lab.reset import all_pages
from lab.verdict import Verdict, check
from tests.exercises.answers import Answer, answers, script
from tests.inside.sandbox import copy_under_other_names, remove_everything
from tests.inside.warm_python import WarmPython

LESSONS = lessons(lab_root())
RIGHT = [(le.name, answer.name) for le in LESSONS for answer in answers(le, "right_")]
WRONG = [(le.name, answer.name) for le in LESSONS for answer in answers(le, "wrong_")]
NAMES = [lesson.name for lesson in LESSONS]


def lesson_named(name: str) -> Lesson:
    """Return the lesson with this folder name."""
    return next(lesson for lesson in LESSONS if lesson.name == name)


@dataclass
class Attempts:
    """Answers carried out under names of their own, and checked."""

    folder: Path
    python: WarmPython
    prefixes: list[str] = field(default_factory=list)
    lesson: Lesson | None = None

    def __call__(self, name: str, answer: str | None) -> Verdict:
        """Run an answer to a lesson's exercise, or none, and return the verdict."""
        self.prefixes.append(copy_under_other_names(self.folder, only=name))
        self.lesson = Lesson(self.folder, self.folder / "tutorial" / f"{self.prefixes[-1]}_{name}")
        if answer:
            # A learner's answer is in exercise.py, so this one is, too.
            exercise = self.lesson.exercise
            exercise.write_text(script(self.lesson, answer), encoding="utf-8")
            ran = self.python.run(exercise, self.folder)
            assert ran.returncode == 0, ran.stdout + ran.stderr
        return self.again()

    def again(self) -> Verdict:
        """Check once more what is there."""
        return check(self.lesson, run=self.python.run)


@pytest.fixture(scope="session")
def python() -> Iterator[WarmPython]:
    """A Python that imports MLflow once for all answers and checks."""
    python = WarmPython()
    yield python
    python.close()


@pytest.fixture(scope="session")
def spark() -> Iterator[dict[str, str]]:
    """The environment of scripts that share one Java process of Spark."""
    # PySpark is installed only where the lesson that needs it runs.
    from tests.inside.warm_spark import WarmSpark

    spark = WarmSpark()
    yield spark.environment
    spark.close()


@pytest.fixture
def verdict_on(tmp_path, monkeypatch, python, request):
    """Lend a function that carries out an answer and has it checked; all it made is removed."""
    monkeypatch.setenv("LAB_OUTPUT", str(tmp_path / "output"))
    lesson = lesson_named(request.node.callspec.params["name"])
    if "pyspark" in lesson.exercise.read_text(encoding="utf-8"):
        for name, value in request.getfixturevalue("spark").items():
            monkeypatch.setenv(name, value)
    attempts = Attempts(tmp_path, python)
    yield attempts
    for prefix in attempts.prefixes:
        remove_everything(prefix)


@pytest.mark.parametrize("name", NAMES)
def test_check_before_anything_was_made_says_what_to_run(verdict_on, name):
    verdict = verdict_on(name, None)
    assert not verdict.passed
    assert "Run your exercise first: python tutorial/" in verdict.text
    assert "exercise.py" in verdict.text


@pytest.mark.parametrize("name", NAMES)
def test_starter_runs_and_fails_its_check_with_the_intended_next_action(verdict_on, name):
    verdict = verdict_on(name, "exercise")
    assert not verdict.passed
    assert Answer(lesson_named(name), "starter").message in verdict.text
    assert 0 < len(verdict.text.splitlines()) <= 4, verdict.text


@pytest.mark.parametrize("name", NAMES)
def test_solution_passes_until_somebody_deletes_its_versions(verdict_on, name):
    verdict = verdict_on(name, "solution")
    assert verdict.passed, verdict.text
    if "register" not in lesson_named(name).solution.read_text():
        return
    client = mlflow.MlflowClient()
    registered = f"name LIKE '{verdict_on.prefixes[-1]}%'"
    versions = all_pages(client.search_model_versions, registered)
    assert versions
    for version in versions:
        client.delete_model_version(version.name, version.version)
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


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_other_right_answer_passes(verdict_on, name, answer):
    verdict = verdict_on(name, answer)
    assert verdict.passed, verdict.text


@pytest.mark.parametrize(("name", "answer"), WRONG)
def test_wrong_answer_fails_with_its_own_message(verdict_on, name, answer):
    verdict = verdict_on(name, answer)
    assert not verdict.passed
    assert Answer(lesson_named(name), answer).message in verdict.text
    assert len(verdict.text.splitlines()) <= 4, verdict.text


@pytest.mark.parametrize("name", NAMES)
def test_there_are_enough_answers_and_the_wrong_ones_get_different_messages(name):
    lesson = lesson_named(name)
    assert len(answers(lesson, "right_")) >= 2
    wrong = [answer.message for answer in answers(lesson, "wrong_")]
    assert len(set(wrong)) == len(wrong) >= 3


@pytest.mark.parametrize("name", NAMES)
def test_exercise_and_solution_differ_in_what_is_to_be_done_only(name):
    lesson = lesson_named(name)
    first, *rest = docstring(lesson.exercise).splitlines()
    solved, *same = docstring(lesson.solution).splitlines()
    assert solved.lower() == f"solution: {first}".lower()
    assert same == rest
    assert any(line.startswith("Your turn: ") for line in rest)
    assert re.fullmatch(rf"Then(?: type)?: lab check 0?{int(lesson.number)}", rest[-1])
    assert len(lesson.hints) == 3
