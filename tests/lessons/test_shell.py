"""make shell: its exit status, at a terminal and without one."""

import os
import shutil
import subprocess
import sys

from tests.support.known import assert_known
from tests.support.labs import ROOT, Lab
from tests.support.terminal import Terminal


def at_a_terminal(lab: Lab, typed: str) -> tuple[int, str]:
    """Type lines into `make shell` at a terminal. Return make's exit status and what the terminal shows."""
    env = os.environ | lab.settings | {"LAB_MODE": lab.mode, "PYTHON": sys.executable}
    terminal = Terminal(["make", "shell"], env, str(ROOT), lines=24)
    terminal.press(typed)
    return terminal.end(seconds=60), terminal.screen


def test_a_failed_command_in_the_shell_is_not_an_error_of_make(embedded_lab):
    status, screen = at_a_terminal(embedded_lab, "echo mode=$LAB_MODE\nfalse\nexit\n")
    assert status == 0, screen
    assert "mode=embedded" in screen
    assert "Error" not in screen


def test_without_a_terminal_make_reports_the_shell_s_status(embedded_lab):
    failed = embedded_lab.host("shell", typed="set -e\nfalse\necho not reached\n")
    assert failed.returncode == 1
    assert "not reached" not in failed.stdout


def test_a_shell_for_a_lesson_that_does_not_exist_is_refused(embedded_lab):
    refused = embedded_lab.host("shell", "99", typed="echo not reached\n")
    assert refused.returncode == 1
    assert "There is no lesson 99." in refused.stderr
    assert "not reached" not in refused.stdout


def test_without_docker_the_shell_of_a_lesson_is_the_lab_s_shell(embedded_lab):
    opened = embedded_lab.host("shell", "07", typed="echo spark=$SPARK_CONF_DIR\n")
    assert opened.returncode == 0
    assert "spark=/" in opened.stdout


def test_without_a_running_lab_there_is_no_shell(embedded_lab, tmp_path):
    stopped = Lab("embedded", embedded_lab.settings | {"MLFLOW_PORT": "9"})
    status, screen = at_a_terminal(stopped, "")
    assert status != 0
    assert_known(screen, "lab_not_running")


def test_outside_of_the_lab_s_shell_there_is_no_command_lab():
    bash = shutil.which("bash")
    assert bash
    ran = subprocess.run(
        [bash, "-c", "lab"], env={"PATH": "/nowhere"}, text=True, capture_output=True
    )
    assert_known(ran.stderr, "lab_command_missing")


def test_the_start_ends_with_the_next_commands(embedded_lab):
    started = embedded_lab.host("up")
    assert started.returncode == 0, started.stderr
    page, heading, *commands = started.stdout.splitlines()[-5:]
    port = embedded_lab.settings["MLFLOW_PORT"]
    assert page == f"The lab is running. MLflow's page: http://localhost:{port}"
    assert heading == "Next:"
    names = [command.split()[:2] for command in commands]
    assert names == [["make", "shell"], ["make", "demo"], ["make", "down"]]
