"""lab watch, in a real terminal: it runs and checks an exercise whenever it is saved."""

import re
import shutil
from pathlib import Path
from uuid import uuid4

import pytest

from tests.support.labs import ROOT, Lab, assert_one_message
from tests.support.terminal import Terminal

LESSON = "03_models_pyfunc"
ENDLESS = "import os, time\nprint('{text}', os.getpid(), flush=True)\ntime.sleep(600)\n"


class Copy:
    """A copy of the lesson that uses names of its own. It is in work/, which the stack's trainer sees, too."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        """Copy the lesson to a new folder."""
        self.lab = lab
        self.mark = folder.name.rpartition("-")[2]
        lesson = folder / "tutorial" / LESSON
        shutil.copytree(ROOT / "tutorial" / LESSON, lesson)
        for file in (lesson / "exercise.py", *(lesson / ".lesson").glob("*.py")):
            text = file.read_text(encoding="utf-8").replace("iris_mine", f"iris_{self.mark}")
            text = text.replace(f"{LESSON}_exercise", f"{LESSON}_exercise_{self.mark}")
            file.write_text(text, encoding="utf-8")
        self.exercise = lesson / "exercise.py"
        self.starter = self.exercise.read_text(encoding="utf-8")
        self.solution = (lesson / ".lesson" / "solution.py").read_text(encoding="utf-8")
        # Where the lab sees the folder.
        self.root = str(folder if lab.mode == "embedded" else "/lab" / folder.relative_to(ROOT))

    def watch(self, **env: str) -> Terminal:
        """Start lab watch, and wait until it watches."""
        terminal = self.lab.terminal("lab", "watch", "3", LAB_ROOT=self.root, **env)
        terminal.wait_for("save it")
        return terminal

    def save(self, text: str) -> None:
        """Save the exercise on the host, as an editor does."""
        draft = self.exercise.with_name("draft")
        draft.write_text(text, encoding="utf-8")
        draft.replace(self.exercise)

    def processes(self) -> list[str]:
        """Return the commands of lab watch and of all that it has started, except the Python that lab keeps."""
        started = self.lab.script("processes", f"LAB_ROOT={self.root}").splitlines()
        return [command for command in started if "lab.warm_python" not in command]


@pytest.fixture
def copy(lab):
    folder = ROOT / "work" / f"test-watch-{uuid4().hex[:8]}"
    try:
        yield Copy(lab, folder)
    finally:
        shutil.rmtree(folder)


def test_a_save_runs_and_checks_the_exercise_and_shows_what_changed(copy):
    terminal = copy.watch()
    copy.save(copy.starter)
    terminal.wait_for("Running tutorial/03_models_pyfunc/exercise.py")
    screen = terminal.wait_for("has no signature")
    words = " ".join(screen.split())
    assert "not yet" in words
    assert re.search(r"\+1 run [\w-]+, FINISHED rows ", words), screen
    assert "+1 logged_models" in words
    assert "+1 model_versions" in words
    assert re.search(r"objects \+\d+, [\d,]+ bytes", words), screen
    assert f"alias iris_{copy.mark}@champion none → 1" in words
    terminal.press("h")
    terminal.wait_for("Which line of the script")
    terminal.press("s")
    terminal.wait_for("after it has passed")

    copy.save(copy.solution)
    screen = terminal.wait_for("Press s to compare with the solution")
    assert "passed" in screen
    assert f"alias iris_{copy.mark}@champion 1 → 2" in " ".join(screen.split())
    terminal.press("s")
    terminal.wait_for("Press any key to go back.")
    terminal.press(" ")
    terminal.wait_for("What this run changed")
    terminal.press("s")
    terminal.wait_for("Press any key to go back.")
    terminal.press("q")
    assert terminal.end() == 0
    assert "To watch this exercise again, type: lab watch 3" in terminal.screen


def test_an_error_of_the_exercise_is_shown_with_its_explanation(copy):
    terminal = copy.watch()
    copy.save("import mlflow\nmlflow.pyfunc.load_model('models:/iris_nobody')\n")
    screen = terminal.wait_for("ended with exit status 1")
    assert "Nothing changed on the server." in screen
    assert "Add an alias or a version" in " ".join(screen.split())
    terminal.press("q")
    assert terminal.end() == 0


def test_lab_why_explains_the_error_that_lab_watch_showed(copy):
    fails = "python -c \"raise ValueError('an older error')\""
    command = f"{fails}; lab watch 3; clear; lab why"
    terminal = copy.lab.terminal("sh", "-c", command, LAB_ROOT=copy.root)
    terminal.wait_for("save it")
    copy.save("raise ValueError('the error of the exercise')")
    terminal.wait_for("ended with exit status 1")
    terminal.press("q")
    terminal.end()
    assert "the error of the exercise" in terminal.screen


@pytest.mark.parametrize("own_session", [False, True])
def test_a_process_that_the_exercise_leaves_behind_does_not_delay_the_verdict(copy, own_session):
    terminal = copy.watch()
    command = f"['sleep', '600'], start_new_session={own_session}"
    copy.save(f"import subprocess, sys\nprint(subprocess.Popen({command}).pid)\nsys.exit(3)\n")
    screen = terminal.wait_for("ended with exit status 3")
    [process] = re.findall(r"^(\d+)$", screen, flags=re.MULTILINE)
    terminal.press("q")
    assert terminal.end() == 0
    # A process in the session of the exercise has ended with it. Maybe nobody has asked for its exit status yet.
    is_alive = f"grep -q 'State:.[^Z]' /proc/{process}/status && kill {process}"
    assert (copy.lab.run("sh", "-c", is_alive).returncode == 0) == own_session


def test_a_new_size_of_the_terminal_and_the_next_lesson(copy):
    terminal = copy.watch()
    terminal.resize(lines=8)
    assert "h hint" not in terminal.wait_for("not yet")
    terminal.resize(lines=24)
    terminal.wait_for("h hint")
    terminal.press("n")
    # The copy has no other lesson.
    terminal.wait_for("This is the last lesson.")
    # Neither suspends nor kills it.
    terminal.press("\x1a\x1c")
    terminal.press("h")
    terminal.wait_for("Which line of the script")
    terminal.press("q")
    assert terminal.end() == 0


def test_a_save_while_the_exercise_runs_starts_it_again(copy):
    terminal = copy.watch()
    copy.save(ENDLESS.format(text="first"))
    terminal.wait_for("first")
    copy.save(ENDLESS.format(text="second"))
    screen = terminal.wait_for("second")
    assert "first" not in screen
    assert sum("exercise.py" in command for command in copy.processes()) == 1
    [process] = re.findall(r"second (\d+)", screen)
    terminal.press("r")
    terminal.wait_for_absence(f"second {process}")
    terminal.wait_for("second")
    terminal.press("q")
    assert terminal.end() == 0


def test_ctrl_c_leaves_no_process_and_a_usable_terminal(copy):
    terminal = copy.watch()
    copy.save(ENDLESS.format(text="started"))
    terminal.wait_for("started")
    assert copy.processes()
    terminal.interrupt()
    assert terminal.end() == 0
    assert copy.processes() == []
    assert "To watch this exercise again" in terminal.screen
    # The cursor is shown again, and the screen from before is back.
    assert terminal.printed.rindex(b"\x1b[?25h") > terminal.printed.rindex(b"\x1b[?25l")
    assert terminal.printed.rindex(b"\x1b[?1049l") > terminal.printed.rindex(b"\x1b[?1049h")


def test_without_colours(copy):
    terminal = copy.watch(NO_COLOR="1")
    terminal.press("q")
    assert terminal.end() == 0
    assert b"not yet" in terminal.printed
    assert not re.search(rb"\x1b\[[0-9;]*\b3[0-7]\b[0-9;]*m", terminal.printed)


@pytest.mark.quick
def test_without_a_terminal_it_says_what_to_type_instead(lab):
    ran = lab.run("lab", "watch", "3")
    assert_one_message(
        ran, "python tutorial/03_models_pyfunc/exercise.py && lab check 3", "leave out -T"
    )
