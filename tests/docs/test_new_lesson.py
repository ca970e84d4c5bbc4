"""make new-lesson: what it makes is a lesson like any other, and nothing else has to be told of it."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lab.lessons import Lesson
from tests.support.checkout import copy_of_checkout
from tests.support.labs import Lab, run
from tests.support.notebooks import as_notebook, comparable_page, page

NAME = "98_new_topic"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout: a lesson of the tests' own is made in no other."""
    copy = copy_of_checkout(tmp_path_factory.mktemp("checkout"))
    # Tests ask git which files there are.
    subprocess.run(["git", "init", "--quiet"], cwd=copy, check=True)
    return copy


def new_lesson(checkout: Path, name: str) -> subprocess.CompletedProcess[str]:
    """Run what CONTRIBUTING.md has an author type."""
    # Python compiles nothing into the copy: tests compare its files.
    env = os.environ | {"PYTHON": sys.executable, "PYTHONDONTWRITEBYTECODE": "1"}
    return run(["make", "new-lesson", f"NAME={name}"], env=env, cwd=checkout)


@pytest.fixture(scope="module")
def lesson(checkout: Path, embedded_lab: Lab) -> Iterator[Path]:
    """The new lesson's folder; what it made in the lab is removed at the end."""
    made = new_lesson(checkout, NAME)
    assert made.returncode == 0, made.stderr
    yield checkout / "tutorial" / NAME
    assert lab(embedded_lab, checkout, "reset", "98", "--yes").returncode == 0


def lab(embedded_lab: Lab, checkout: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the lab command on the copy's lessons."""
    return embedded_lab.run("lab", *words, LAB_ROOT=str(checkout))


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("", "make new-lesson NAME=08_topic"),
        ("8_topic", "make new-lesson NAME=08_topic"),
        ("08-topic", "make new-lesson NAME=08_topic"),
        ("../08_topic", "make new-lesson NAME=08_topic"),
        ("03_topic", r"belongs to 03_models_pyfunc. .* make new-lesson NAME=\d\d_topic"),
    ],
)
def test_an_invalid_name_is_refused_with_the_remedy(checkout, name, remedy):
    before = sorted(checkout.rglob("*"))
    refused = new_lesson(checkout, name)
    assert refused.returncode != 0
    assert re.search(remedy, refused.stderr)
    assert "Traceback" not in refused.stderr
    assert sorted(checkout.rglob("*")) == before


def test_no_file_has_the_template_s_name_in_it(lesson):
    for file in (path for path in lesson.rglob("*") if path.is_file()):
        assert not re.search(r"\b00\b|00_|template", file.read_text(), flags=re.IGNORECASE), file


def test_the_lab_command_shows_it_runs_it_and_checks_it(embedded_lab, checkout, lesson):
    ran = lab(embedded_lab, checkout, "demo", "--lesson", "98")
    assert ran.returncode == 0, ran.stderr
    assert re.search(rf"^╭─ {NAME}  run\.py ─", ran.stdout, flags=re.MULTILINE)
    assert "@champion answers setosa, versicolor, virginica" in ran.stdout
    not_yet = lab(embedded_lab, checkout, "check", "98")
    assert f"{NAME}: not yet" in not_yet.stdout
    assert f"python tutorial/{NAME}/exercise.py" in not_yet.stdout
    shown = lab(embedded_lab, checkout)
    assert re.search(rf"^{NAME} +not yet +New topic", shown.stdout, flags=re.MULTILINE)


def test_the_tests_of_all_lessons_pass_for_it(embedded_lab, checkout, lesson):
    """As tests/lessons runs them: what the README shows, its claims, the exercise and answers to it."""
    claims = ["pytest", "-q", "-p", "no:cacheprovider", str(lesson / ".lesson")]
    # The others are of the check's manners, which it has from the template as it stands.
    chosen = f"{NAME} and (starter or solution or wrong or enough)"
    answers = ["pytest", "-q", "tests/exercises", "-k", chosen]
    with ThreadPoolExecutor() as pool:
        running = [
            pool.submit(embedded_lab.run, *words, LAB_ROOT=str(checkout))
            for words in (answers, claims)
        ]
        # The template's page has to be written by hand: this is what it says of the new lesson.
        notebook = as_notebook(embedded_lab, str(lesson / "run.py"))
        text = page(Lesson(checkout, lesson), notebook)
        assert comparable_page(text) == comparable_page((lesson / "README.md").read_text())
    for ran in (future.result() for future in running):
        assert ran.returncode == 0, ran.stdout
        assert re.search(r"\d+ passed", ran.stdout)
        assert "skipped" not in ran.stdout


def test_its_files_have_the_form_of_every_lesson(checkout, lesson):
    """As tests/docs and make lint see it, run on the copy."""
    docs = ["tests/docs/test_lesson_page.py", "tests/docs/test_names.py", "-k", f"{NAME} or names"]
    for words in (["pytest", "-q", *docs], ["ruff", "check"], ["ruff", "format", "--check"]):
        ran = run([sys.executable, "-m", *words], env=dict(os.environ), cwd=checkout)
        assert ran.returncode == 0, ran.stdout + ran.stderr
