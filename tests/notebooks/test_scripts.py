"""The lessons' scripts as notebooks: saving changes nothing, exercises run, and a run has its commit."""

import subprocess
from operator import attrgetter

import jupytext
import pytest
from jupytext.config import load_jupytext_configuration_file

from lab.lessons import lessons
from tests.support.labs import ROOT
from tests.support.notebooks import as_notebook

LESSONS = lessons(ROOT)
# With marks for cells, and a learner's to open: checks and tests have marks for their writers.
SCRIPTS = [
    path.relative_to(ROOT)
    for path in sorted([*ROOT.glob("tutorial/**/*.py"), *ROOT.glob("examples/*/*.py")])
    if "\n# %%" in path.read_text() and not path.name.startswith(("check", "test_"))
]

name = attrgetter("name")


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
def test_a_script_that_is_opened_and_saved_as_a_notebook_stays_as_it_is(script):
    settings = load_jupytext_configuration_file(str(ROOT / "pyproject.toml"))
    text = (ROOT / script).read_text(encoding="utf-8")
    notebook = jupytext.reads(text, "py:percent", config=settings)
    assert notebook.cells[0].cell_type == "markdown"
    assert jupytext.writes(notebook, "py:percent", config=settings) == text


@pytest.mark.parametrize("lesson", LESSONS, ids=name)
def test_an_exercise_runs_as_a_notebook(embedded_lab, lesson):
    as_notebook(embedded_lab, str(lesson.exercise.relative_to(ROOT)))


def test_a_notebook_s_run_has_the_commit_that_mlflow_itself_does_not_record(lab):
    as_notebook(lab, "tutorial/02_log/exercise.py")
    head = ["git", "rev-parse", "HEAD"]
    commit = subprocess.run(head, cwd=ROOT, text=True, capture_output=True, check=True).stdout
    assert lab.script("run_source", "02_log_exercise") == f"NOTEBOOK {commit}"
