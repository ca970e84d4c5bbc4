"""The servers that a lesson calls: started before its scripts, waited for, and stopped whatever happens."""

import io
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from rich.console import Console

from host.ports import free_ports
from lab import services
from lab.errors import LabError
from lab.lessons import Lesson

# Starts a process that answers, as `mlflow models serve` does.
SERVER = """
import subprocess, sys
command = [sys.executable, "-m", "http.server", "--bind", sys.argv[2], sys.argv[4]]
sys.exit(subprocess.run(command).returncode)
"""


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> str:
    """Where the server of the tests' lesson is to listen."""
    [port] = free_ports(1)
    monkeypatch.setenv("TEST_SERVER", f"http://127.0.0.1:{port}")
    return f"http://127.0.0.1:{port}"


@pytest.fixture
def lesson(tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> Lesson:
    """A lesson that calls one server."""
    monkeypatch.setenv("LAB_OUTPUT", str(tmp_path / "output"))
    folder = tmp_path / "tutorial" / "05_serving"
    (folder / ".lesson").mkdir(parents=True)
    (tmp_path / "server.py").write_text(SERVER)
    describe(folder, "python server.py")
    return Lesson(tmp_path, folder)


def describe(folder: Path, command: str, prepare: str = "") -> None:
    """Write services.toml."""
    (folder / ".lesson" / "services.toml").write_text(
        (f'prepare = "{prepare}"\n' if prepare else "")
        + f'[[services]]\ncommand = "{command}"\nvariable = "TEST_SERVER"\n'
        'address = "http://127.0.0.1:1"\nready = "/server.py"\n'
    )


def quiet() -> Console:
    """Return a console that keeps what it prints."""
    return Console(file=io.StringIO(), width=200)


def answers(address: str) -> bool:
    """Tell whether something listens."""
    host, port = address.removeprefix("http://").split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def wait_until(true: object, seconds: float = 20) -> None:
    """Wait until `true()` is."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_lesson_without_the_file_needs_nothing(lesson):
    (lesson.support / "services.toml").unlink()
    console = quiet()
    with services.running(lesson, console) as processes:
        assert processes == []
    assert console.file.getvalue() == ""
    with pytest.raises(LabError, match="needs no server"):
        services.serve(lesson, console)


def test_the_address_is_that_of_the_variable_or_the_default(lesson, address, monkeypatch):
    [service] = services.description(lesson).services
    assert service.address == address
    monkeypatch.delenv("TEST_SERVER")
    assert service.whole_command == "python server.py --host 127.0.0.1 --port 1"


def test_servers_answer_within_the_context_and_are_gone_after_it(lesson, address):
    console = quiet()
    with services.running(lesson, console):
        assert requests.get(f"{address}/server.py", timeout=30).ok
    assert not answers(address)
    printed = console.file.getvalue()
    assert f"$ python server.py --host 127.0.0.1 --port {address.rpartition(':')[2]}\n" in printed
    assert "Ready after " in printed


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_servers_are_gone_after_a_script_that_fails_or_is_interrupted(lesson, address, error):
    with pytest.raises(error), services.running(lesson, quiet()):
        raise error
    assert not answers(address)


def test_what_prepares_the_servers_ends_before_they_start(lesson, tmp_path):
    (tmp_path / "prepare.py").write_text("open('prepared', 'w')")
    (tmp_path / "server.py").write_text(f"open('prepared')\n{SERVER}")
    describe(lesson.folder, "python server.py", "python prepare.py")
    with services.running(lesson, quiet()):
        assert (tmp_path / "prepared").exists()


def test_a_preparation_that_fails_is_shown_with_what_it_printed(lesson, address):
    describe(lesson.folder, "python server.py", "python -c 1/0")
    with (
        pytest.raises(LabError, match=r"(?s)`python -c 1/0` failed.*ZeroDivisionError"),
        services.running(lesson, quiet()),
    ):
        pass
    assert not answers(address)


def test_a_server_that_ends_at_once_is_shown_with_the_end_of_its_log(lesson, tmp_path):
    (tmp_path / "server.py").write_text("import sys; sys.exit('There is no model.')")
    with (
        pytest.raises(LabError, match=r"ended while it started:\nThere is no model\."),
        services.running(lesson, quiet()),
    ):
        pass


def test_a_server_that_never_answers_is_given_up_and_stopped(lesson, tmp_path, monkeypatch):
    monkeypatch.setattr(services, "START_SECONDS", 5)
    (tmp_path / "server.py").write_text(
        "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    )
    with (
        pytest.raises(LabError, match=r"does not answer after 5 s"),
        services.running(lesson, quiet()),
    ):
        pass
    log = tmp_path / "output" / "05_serving" / "services" / "server-1.log"
    with pytest.raises(ProcessLookupError):
        os.kill(int(log.read_text()), 0)


def test_a_server_that_does_not_listen_to_sigterm_is_killed(lesson, tmp_path, address, monkeypatch):
    monkeypatch.setattr(services, "STOP_SECONDS", 0.5)
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    (tmp_path / "server.py").write_text(f"{deaf}\n{SERVER}")
    with services.running(lesson, quiet()):
        pass
    assert not answers(address)


def test_a_port_that_another_program_has_is_named_with_its_variable(lesson, address):
    host, port = address.removeprefix("http://").split(":")
    expected = pytest.raises(
        LabError, match=f"(?s)Port {port} cannot be used .*export TEST_SERVER="
    )
    with socket.create_server((host, int(port))), expected, services.running(lesson, quiet()):
        pass


def test_servers_that_lab_serve_runs_in_another_terminal_are_used_and_stay(lesson, address):
    with services.running(lesson, quiet(), shared=True):
        console = quiet()
        with services.running(lesson, console) as processes:
            assert processes == []
        assert "run already, in another terminal" in console.file.getvalue()
        assert answers(address)


def test_servers_that_lab_run_started_are_for_its_script_alone(lesson):
    refused = pytest.raises(LabError, match="cannot be used")
    with services.running(lesson, quiet()), refused, services.running(lesson, quiet()):
        pass


def test_servers_of_another_lab_are_not_used(lesson, tmp_path, monkeypatch):
    with services.running(lesson, quiet(), shared=True):
        monkeypatch.setenv("LAB_OUTPUT", str(tmp_path / "another"))
        with pytest.raises(LabError, match="cannot be used"), services.running(lesson, quiet()):
            pass


SERVE = """
import sys
from pathlib import Path
from rich.console import Console
from lab.errors import LabError
from lab.lessons import Lesson
from lab.services import serve

root = Path(sys.argv[1])
try:
    serve(Lesson(root, root / "tutorial" / "05_serving"), Console())
except LabError as error:
    sys.exit(str(error))
"""


@pytest.fixture
def serving(lesson: Lesson) -> subprocess.Popen[str]:
    """A process that runs `lab serve`, when it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(lesson.root)],
        env=os.environ | {"PYTHONPATH": "trainer"},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    for line in process.stdout:
        if line.startswith("Ready. "):
            break
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 0), (signal.SIGTERM, 128 + 15), (signal.SIGHUP, 128 + 1)],
)
def test_ctrl_c_a_closed_terminal_and_sigterm_stop_the_servers(serving, address, number, status):
    assert answers(address)
    serving.send_signal(number)
    assert serving.wait(timeout=30) == status
    assert not answers(address)


def test_serving_ends_with_a_message_when_a_server_ends(serving, address):
    listed = subprocess.run(["ps", "-ww", "-A", "-o", "pid=,args="], text=True, capture_output=True)
    port = address.rpartition(":")[2]
    for line in listed.stdout.splitlines():
        if "http.server" in line and line.split()[-1] == port:
            os.kill(int(line.split()[0]), signal.SIGKILL)
    assert serving.wait(timeout=30) == 1
    assert "has ended. Start it again: lab serve" in serving.stderr.read()
    wait_until(lambda: not answers(address))
