"""A script in a process forked from a warm Python behaves as it does in a Python of its own."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import pytest

from lab import files, fingerprint, progress, warm_python
from lab.lessons import Lesson
from lab.progress import IMPORTED
from lab.verdict import check, run_script
from tests.inside import warm as warm_client
from tests.inside.warm_python import WarmPython
from tests.support.services import wait_until

# What a script prints about where it runs.
PLACE = """
import os, sys
print(__name__, __file__, __doc__, sys.argv, sys.path[0], os.getcwd(), sys.stdin.read())
print(os.environ["COLOUR"], os.environ.get("ONLY_AT_START"), os.getsid(0) == os.getpid())
print(sys.modules["__main__"].__dict__ is globals())
"""
AT_EXIT = "import atexit, os; atexit.register(print, 'at exit'); print('end')"
THREAD = "import threading, time; threading.Thread(target=lambda: (time.sleep(0.2), print('late'))).start()"
BY_VALUE = """
import cloudpickle, pickle, subprocess, sys
class Model:
    answer = 42
data = cloudpickle.dumps(Model())
print(subprocess.run([sys.executable, "-c", f"import pickle; print(pickle.loads({data!r}).answer)"],
                     capture_output=True, text=True).stdout)
"""


def running() -> list[bytes]:
    """Return the command lines of all processes."""
    found = []
    for path in Path("/proc").glob("[1-9]*/cmdline"):
        with suppress(OSError):
            found.append(path.read_bytes())
    return found


@pytest.fixture(scope="module")
def warm():
    os.environ["ONLY_AT_START"] = "yes"
    warm = WarmPython()
    del os.environ["ONLY_AT_START"]
    yield warm
    warm.close()


@pytest.mark.parametrize(
    "text",
    [
        PLACE,
        AT_EXIT,
        THREAD,
        BY_VALUE,
        "import sys; sys.exit('Do this next.')",
        "import sys; sys.exit(3)",
        "import sys; sys.exit()",
        "import os; os._exit(4)",
        "import os, signal; print('lost'); os.kill(os.getpid(), signal.SIGKILL)",
        "print('ü', end='')",
        "import helper; print(helper.x)",
        "raise RuntimeError('broken')",
        "x = (",
    ],
)
@pytest.mark.parametrize("name", ["exercise.py", "check.py"])
def test_a_script_ends_and_prints_as_in_a_python_of_its_own(
    warm, tmp_path, monkeypatch, name, text
):
    monkeypatch.setenv("COLOUR", "green")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "helper.py").write_text("x = 1\n")
    (tmp_path / "folder" / name).write_text(f'"""What it is."""\n{text}\n')
    script = Path("folder", name)
    cold = run_script(script, tmp_path)
    for forked in (warm.run(script, tmp_path), client(warm, str(script), cwd=tmp_path)):
        assert (forked.returncode, forked.stdout) == (cold.returncode, cold.stdout)
        assert forked.stderr == cold.stderr


def client(warm: WarmPython, *words: str, cwd: Path, typed: str = ""):
    """Run a command of the client in front of a warm Python."""
    command = [sys.executable, warm_client.__file__, warm.socket, *words]
    return subprocess.run(command, cwd=cwd, input=typed, text=True, capture_output=True)


def test_a_module_gets_its_package_its_arguments_and_its_standard_input(warm, tmp_path):
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "helper.py").write_text("x = 1\n")
    (tmp_path / "package" / "__main__.py").write_text(
        "import sys\nfrom . import helper\n"
        "print(__package__, __spec__.name, helper.x, sys.argv, sys.path[0], sys.stdin.read())\n"
    )
    words = ["-m", "package", "1", "-v"]
    cold = subprocess.run(
        [sys.executable, *words], cwd=tmp_path, input="typed", text=True, capture_output=True
    )
    forked = client(warm, *words, cwd=tmp_path, typed="typed")
    assert (cold.returncode, cold.stderr) == (0, "")
    assert (forked.returncode, forked.stdout, forked.stderr) == (0, cold.stdout, "")


def test_a_client_that_is_killed_takes_its_script_with_it(warm, tmp_path):
    (tmp_path / "endless.py").write_text("import subprocess; subprocess.run(['sleep', '4244'])\n")
    command = [sys.executable, warm_client.__file__, warm.socket, "endless.py"]
    process = subprocess.Popen(command, cwd=tmp_path)
    wait_until(lambda: b"sleep\x004244\x00" in running(), 60, str)
    process.kill()
    process.wait()
    wait_until(lambda: b"sleep\x004244\x00" not in running(), 60, str)


def test_without_a_warm_python_the_client_runs_the_script_in_a_new_one(tmp_path):
    (tmp_path / "script.py").write_text("import sys; print(sys.argv); sys.exit(3)\n")
    command = [sys.executable, warm_client.__file__, str(tmp_path / "nobody"), "script.py", "1"]
    ran = subprocess.run(command, cwd=tmp_path, text=True, capture_output=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (3, "['script.py', '1']\n", "")


def test_what_takes_too_long_is_killed_with_all_that_it_started(warm, tmp_path):
    (tmp_path / "endless.py").write_text("import subprocess; subprocess.run(['sleep', '4243'])\n")
    began = time.monotonic()
    with pytest.raises(subprocess.TimeoutExpired):
        warm.run(Path("endless.py"), tmp_path, 1)
    assert time.monotonic() - began < 60
    assert b"sleep\x004243\x00" not in running()


def test_a_process_leaves_nothing_behind_for_the_next(warm, tmp_path):
    (tmp_path / "a.py").write_text(
        "import os, sys, mlflow; print('there' if hasattr(mlflow, 'left') else 'nothing')\n"
        "mlflow.left = 1; os.environ['LEFT'] = '1'; import numpy; print(numpy.random.random())\n"
    )
    first, second = (warm.run(Path("a.py"), tmp_path).stdout.split() for _ in range(2))
    assert first[0] == second[0] == "nothing"
    assert first[1] != second[1]


def test_what_lab_imports_for_its_checks_starts_no_thread():
    python = warm_python.WarmPython(modules=IMPORTED)
    threads = list(Path(f"/proc/{python._server.pid}/task").iterdir())
    python.close()
    assert len(threads) == 1


def servers(folder: Path) -> list[bytes]:
    """Return the command lines of the servers whose sockets are in a folder."""
    return [command for command in running() if b"--idle" in command and bytes(folder) in command]


@pytest.fixture
def folder():
    """A private folder with a short path. Servers whose sockets are in it end with the test."""
    folder = Path(tempfile.mkdtemp())
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
    # They would end by themselves, but not at once.
    subprocess.run(["pkill", "-f", f"{folder}/"])


def shared(folder: Path) -> warm_python.SharedPython:
    """Return a shared Python that has imported nothing."""
    return warm_python.SharedPython(folder, "python", [])


SHARE = """
import sys
from pathlib import Path
from lab.warm_python import SharedPython
SharedPython(Path(sys.argv[1]), "python", [])
"""


def test_commands_share_a_warm_python_that_ends_when_its_socket_is_gone(folder, tmp_path):
    (tmp_path / "a.py").write_text("import os; print(os.environ.get('COLOUR'), os.getcwd())\n")
    # With pipes: run() reads them until no process has them any more.
    subprocess.run([sys.executable, "-c", SHARE, folder], check=True, capture_output=True)
    [server] = servers(folder)
    python = shared(folder)
    assert python.run(Path("a.py"), tmp_path).stdout == f"None {tmp_path}\n"
    python.close()
    # For a moment there are the processes in which scripts ran, too.
    wait_until(lambda: servers(folder) == [server], 60, str)
    Path(python.socket).unlink()
    wait_until(lambda: not servers(folder), 60, str)


def test_a_shared_warm_python_ends_when_nobody_uses_it(folder, monkeypatch):
    monkeypatch.setattr(warm_python, "IDLE_SECONDS", 1)
    python = shared(folder)
    wait_until(lambda: not servers(folder), 60, str)
    assert not Path(python.socket).exists()


def test_a_server_that_was_killed_is_replaced(folder, tmp_path):
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(folder / "python"))
    (tmp_path / "a.py").write_text("print('ran')\n")
    assert shared(folder).run(Path("a.py"), tmp_path).stdout == "ran\n"


def test_commands_that_begin_at_the_same_time_end_up_with_one_server(folder):
    command = [sys.executable, "-c", SHARE, folder]
    for process in [subprocess.Popen(command) for _ in range(3)]:
        assert process.wait() == 0
    wait_until(lambda: len(servers(folder)) == 1, 60, str)
    assert [path.name for path in folder.iterdir()] == ["python"]


def test_a_command_that_is_interrupted_leaves_a_server_for_the_next(folder, tmp_path):
    command = [sys.executable, "-c", SHARE.replace("[]", '["mlflow"]'), folder]
    process = subprocess.Popen(command)
    wait_until(lambda: servers(folder), 60, str)
    process.kill()
    process.wait()
    (tmp_path / "a.py").write_text("print('ran')\n")
    assert shared(folder).run(Path("a.py"), tmp_path).stdout == "ran\n"


def test_a_server_that_is_stopped_does_not_make_a_command_wait(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(warm_python, "ANSWER_SECONDS", 1)
    (tmp_path / "a.py").write_text("print('ran')\n")
    python = shared(folder)
    subprocess.run(["pkill", "-STOP", "-f", python.socket], check=True)
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            python.run(Path("a.py"), tmp_path, 1)
    finally:
        subprocess.run(["pkill", "-CONT", "-f", python.socket], check=True)


def test_a_script_can_be_interrupted_although_its_server_began_in_the_background(folder, tmp_path):
    (tmp_path / "a.py").write_text("import signal; print(signal.getsignal(signal.SIGINT))\n")
    background = 'trap "" INT QUIT; exec "$@"'
    command = ["sh", "-c", background, "sh", sys.executable, "-c", SHARE, folder]
    subprocess.run(command, check=True)
    assert "default_int_handler" in shared(folder).run(Path("a.py"), tmp_path).stdout


def test_a_folder_that_others_can_enter_is_not_used(folder):
    folder.chmod(0o750)
    with pytest.raises(PermissionError):
        shared(folder)


@pytest.mark.parametrize("change", ["variable", "package", "limit", "mask", "own code"])
def test_a_warm_python_is_shared_until_something_changes_that_it_depends_on(
    folder, monkeypatch, change
):
    monkeypatch.setenv("LAB_PYTHON_FOLDER", str(folder))
    monkeypatch.setattr(progress, "IMPORTED", [])
    monkeypatch.setattr(fingerprint, "packages", lambda: [["numpy", 1]])
    first = progress.warm_python().socket
    assert progress.warm_python().socket == first
    match change:
        case "variable":
            monkeypatch.setenv("COLOUR", "green")
        case "package":
            monkeypatch.setattr(fingerprint, "packages", lambda: [["numpy", 2]])
        case "limit":
            monkeypatch.setattr(fingerprint, "limits", lambda: [(1, 1)])
        case "mask":
            monkeypatch.setattr(fingerprint, "umask", lambda: 0)
        case "own code":
            monkeypatch.setattr(files, "below", lambda folder: [["new.py"]])
    assert progress.warm_python().socket != first
    assert not Path(first).exists()


def test_a_check_that_was_asked_for_gets_a_new_python(folder, monkeypatch):
    monkeypatch.setenv("LAB_PYTHON_FOLDER", str(folder))
    with progress.runner(afresh=True) as run:
        assert run is run_script
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", IMPORTED)
def test_what_lab_imports_for_its_checks_exists(name):
    assert find_spec(name)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import os; os._exit(0)", "Your model ended the check's process"),
        ("import sys; sys.exit(0)", "Your model ended the check's process"),
        ("raise RuntimeError('broken')", "could not judge this: RuntimeError: broken"),
        ("while True: pass", "more than 1 s"),
        ("import os; os.abort()", "exit status -6"),
    ],
)
def test_a_verdict_by_a_warm_python_is_no_pass_where_the_check_did_not_get_to_its_end(
    warm, tmp_path, text, message
):
    lesson = Lesson(tmp_path, tmp_path / "tutorial" / "04_new")
    lesson.support.mkdir(parents=True)
    lesson.exercise.write_text("x = 1\n")
    lesson.check.write_text(f"{text}\n")
    verdict = check(lesson, 1 if "while" in text else 60, warm.run)
    assert not verdict.passed
    assert message in verdict.text
