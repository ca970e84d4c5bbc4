"""A check says when the exercise was saved after its latest results, and says it only then."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from lab.last_run import duration
from tests.support.labs import Lab

WRITES_A_FILE = """
import os, pathlib
folder = pathlib.Path(os.environ["LAB_OUTPUT"], {name!r}, "exercise")
folder.mkdir(parents=True, exist_ok=True)
(folder / "model").write_text("")
"""
STARTS_A_RUN = """
import os, mlflow
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment({name!r} + "_exercise")
with mlflow.start_run():
    mlflow.log_metric("accuracy", 1)
"""
LOGS_A_MODEL_WITHOUT_A_RUN = """
import os, mlflow
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment({name!r} + "_exercise")
mlflow.create_external_model("model")
"""


class Learner:
    """Somebody who edits, runs and checks the exercise of a lesson that nobody else has."""

    def __init__(self, lab: Lab, root: Path) -> None:
        """Make the lesson. Its check never passes."""
        self.lab, self.root = lab, root
        self.name = f"08_{uuid4().hex[:8]}"
        folder = root / "tutorial" / self.name
        self.exercise = folder / "exercise.py"
        for file, text in {
            "README.md": "# 08 New\n",
            "run.py": "",
            "exercise.py": "",
            ".lesson/check.py": "import sys; sys.exit('Do this next.')",
        }.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(text)

    def save(self, text: str, seconds_later: float = 0) -> None:
        """Save the exercise, as if some time had passed."""
        self.exercise.write_text(text.format(name=self.name))
        later = time.time() + seconds_later
        os.utime(self.exercise, (later, later))

    def run(self) -> None:
        """Run the exercise."""
        ran = self.lab.warm(str(self.exercise), LAB_ROOT=str(self.root))
        assert ran.returncode == 0, ran.stderr

    def check(self) -> list[str]:
        """Check the exercise; return what is printed between the check's message and the hint."""
        ran = self.lab.run("lab", "check", "8", LAB_ROOT=str(self.root))
        assert ran.returncode == 1, ran.stderr
        first, message, *notes, hint = ran.stdout.splitlines()
        assert (first, message) == (f"{self.name}: not yet", "Do this next.")
        assert "lab hint 8" in hint
        return notes


@pytest.fixture
def learner(embedded_lab, tmp_path) -> Iterator[Learner]:
    return Learner(embedded_lab, tmp_path)


@pytest.mark.parametrize("exercise", [WRITES_A_FILE, STARTS_A_RUN, LOGS_A_MODEL_WITHOUT_A_RUN])
def test_an_exercise_that_was_saved_after_its_latest_results(learner, exercise):
    learner.save(exercise)
    assert learner.check() == [], "it has not run yet"
    learner.run()
    assert learner.check() == []
    learner.save(f"{exercise}\n# changed", seconds_later=50)
    [note] = learner.check()
    path = f"tutorial/{learner.name}/exercise.py"
    assert note.startswith(f"{path} was saved ")
    assert note.endswith(f"If you changed it, run it before you check it: python {path}")
    learner.save(f"{exercise}\n# changed", seconds_later=-1)
    learner.run()
    assert learner.check() == []


def test_an_exercise_that_git_has_written_later(learner):
    learner.save(WRITES_A_FILE)
    learner.run()
    identity = ["-c", "user.name=learner", "-c", "user.email=learner@example.com"]
    for words in (["init"], ["add", "."], ["commit", "--message", "a lesson"]):
        subprocess.run(
            ["git", *identity, *words], cwd=learner.root, check=True, capture_output=True
        )
    learner.save(WRITES_A_FILE, seconds_later=50)
    assert not any("was saved" in note for note in learner.check())


def test_without_a_server_nothing_is_said_about_runs(learner):
    learner.save(STARTS_A_RUN)
    learner.run()
    learner.save(f"{STARTS_A_RUN}\n# changed", seconds_later=50)
    away = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9", "LAB_ROOT": str(learner.root)}
    checked = learner.lab.run("lab", "check", "8", **away)
    assert (checked.returncode, checked.stderr) == (1, "")
    assert "was saved" not in checked.stdout


def test_an_exercise_that_is_gone_is_named_with_the_command_that_brings_it_back(learner):
    learner.save(WRITES_A_FILE)
    learner.run()
    learner.exercise.unlink()
    checked = learner.lab.run("lab", "check", "8", LAB_ROOT=str(learner.root))
    assert (checked.returncode, checked.stderr) == (1, "")
    assert "git checkout -- " in checked.stdout


@pytest.mark.quick
@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (3, "3 seconds"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (7300, "2 hours"),
        (2e5, "2 days"),
    ],
)
def test_a_duration_in_words(seconds, expected):
    assert duration(seconds) == expected
