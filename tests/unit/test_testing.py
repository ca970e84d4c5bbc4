"""make test: two processes of pytest, and Ctrl-C ends both after they have removed their labs."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from host import testing
from tests.support.labs import ROOT

# Stands for pytest: it has a lab, and removes it when it is interrupted.
PROCESS = """
import pathlib, sys, time
lab = pathlib.Path(sys.argv[1])
try:
    lab.touch()
    time.sleep(60)
except KeyboardInterrupt:
    time.sleep(float(sys.argv[2]))
    lab.unlink()
    print("removed", lab.name, flush=True)
    sys.exit(2)
"""
RUN = """
import sys
from host import testing
process, folder, seconds = sys.argv[1:]
commands = [[sys.executable, "-c", process, f"{folder}/{mode}", seconds] for mode in ("embedded", "stack")]
sys.exit(testing.run_beside(*commands))
"""


def start(folder: Path, seconds: float) -> subprocess.Popen[str]:
    """Start both as make test does, in a process group that Ctrl-C reaches; return when they have their labs."""
    command = [sys.executable, "-c", RUN, PROCESS, str(folder), str(seconds)]
    started = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 30
    while len(list(folder.iterdir())) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return started


def running(folder: Path) -> list[str]:
    """Return the processes that have the folder in their command line."""
    listed = subprocess.run(["ps", "-eww", "-o", "args="], text=True, capture_output=True).stdout
    return [line for line in listed.splitlines() if str(folder) in line]


def test_ctrl_c_waits_until_both_have_removed_their_labs(tmp_path):
    started = start(tmp_path, 1)
    os.killpg(started.pid, signal.SIGINT)
    output, _ = started.communicate(timeout=20)
    assert list(tmp_path.iterdir()) == []
    assert "removed embedded" in output
    assert "Stack:\nremoved stack" in output
    assert running(tmp_path) == []


def test_a_second_ctrl_c_kills_both(tmp_path):
    started = start(tmp_path, 60)
    for _ in range(2):
        os.killpg(started.pid, signal.SIGINT)
        time.sleep(1)
    started.communicate(timeout=20)
    assert running(tmp_path) == []


@pytest.mark.parametrize(("first", "second", "status"), [(0, 0, 0), (1, 0, 1), (0, 1, 1)])
def test_one_failure_of_the_two_is_a_failure(first, second, status):
    commands = [[sys.executable, "-c", f"import sys; sys.exit({n})"] for n in (first, second)]
    assert testing.run_beside(*commands) == status


def test_only_what_the_chosen_tests_need_is_installed_and_started(monkeypatch):
    installed, started = [], []
    monkeypatch.setenv("ARGS", "-v tests/unit/test_requirements.py")
    monkeypatch.setattr(testing.venv, "install", installed.append)
    monkeypatch.setattr(testing, "install_everything", installed.append)
    monkeypatch.setattr(testing, "run_beside", lambda *commands: started.append(commands) or 0)
    assert testing.run(has_engine=True) == 0
    assert installed == ["dev", "trainer"]
    [(command, background)] = started
    assert command[-4:] == ["--mode", "embedded", "-v", "tests/unit/test_requirements.py"]
    assert background is None


def test_arguments_that_pytest_refuses_choose_every_mode():
    assert testing.choice(["--no-such-option"]) == (["embedded", "stack"], False)


def test_args_that_choose_no_test_start_nothing(monkeypatch):
    monkeypatch.setenv("ARGS", "tests/unit/test_requirements.py -k no_such_test")
    monkeypatch.setattr(testing.venv, "install", lambda name: False)
    monkeypatch.setattr(testing, "run_beside", lambda *commands: pytest.fail("started"))
    assert testing.run(has_engine=True) == testing.NO_TESTS


def test_arguments_without_a_file_choose_their_tests_too():
    assert testing.choice(["-m", "quick"]) == (["embedded"], True)
