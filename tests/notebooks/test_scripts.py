"""The lessons' scripts as notebooks: each prints what its README shows, and saving changes nothing."""

import json
import subprocess
from operator import attrgetter

import jupytext
import pytest
from jupytext.config import load_jupytext_configuration_file

from lab.lessons import Lesson, lessons
from tests.support.labs import ROOT, Lab
from tests.support.readmes import IN_PROFILE, assert_prints, samples

LESSONS = lessons(ROOT)
# With marks for cells, and a learner's to open: checks and tests have marks for their writers.
SCRIPTS = [
    path.relative_to(ROOT)
    for path in sorted([*ROOT.glob("tutorial/*/*.py"), *ROOT.glob("examples/*/*.py")])
    if "\n# %%" in path.read_text() and not path.name.startswith(("check", "test_"))
]

name = attrgetter("name")


def as_notebook(lab: Lab, script: str) -> dict[str, object]:
    """Run a script as a notebook where make notebook has its kernels, and return what its cells print."""
    socket = lab.warm_socket("notebook")
    return json.loads(lab.script("execute_notebook", script, socket, profile="notebook"))


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
def test_a_script_that_is_opened_and_saved_as_a_notebook_stays_as_it_is(script):
    settings = load_jupytext_configuration_file(str(ROOT / "pyproject.toml"))
    text = (ROOT / script).read_text(encoding="utf-8")
    notebook = jupytext.reads(text, "py:percent", config=settings)
    assert notebook.cells[0].cell_type == "markdown"
    assert jupytext.writes(notebook, "py:percent", config=settings) == text


def assert_prints_what_its_readme_shows(lab: Lab, lesson: Lesson) -> None:
    """Fail unless a lesson's notebook says what its script does, and shows the figures that it draws."""
    script = str(lesson.scripts[0])
    [sample] = [
        sample
        for sample in samples(lesson.folder / "README.md")
        if sample.mode in ("", lab.mode)
        and IN_PROFILE.sub("", sample.command) == f"python {script}"
    ]
    printed = as_notebook(lab, script)
    assert printed["stderr"] == ""
    assert_prints(sample, printed["stdout"])
    assert printed["figures"] >= (ROOT / script).read_text().count("plt.subplots(")


# On the stack, one lesson runs in JupyterLab itself, and an exercise below.
@pytest.mark.parametrize("lesson", LESSONS, ids=name)
def test_a_lesson_as_a_notebook_prints_what_its_readme_shows(embedded_lab, lesson):
    assert_prints_what_its_readme_shows(embedded_lab, lesson)


@pytest.mark.parametrize("lesson", LESSONS, ids=name)
def test_an_exercise_runs_as_a_notebook(embedded_lab, lesson):
    as_notebook(embedded_lab, str(lesson.exercise.relative_to(ROOT)))


def test_a_notebook_s_run_has_the_commit_that_mlflow_itself_does_not_record(lab):
    as_notebook(lab, "tutorial/02_log/exercise.py")
    head = ["git", "rev-parse", "HEAD"]
    commit = subprocess.run(head, cwd=ROOT, text=True, capture_output=True, check=True).stdout
    assert lab.script("run_source", "02_log_exercise") == f"NOTEBOOK {commit}"
