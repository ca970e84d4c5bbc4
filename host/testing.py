"""`make test` and `make screenshots`: install what the chosen tests need, and run pytest for each mode."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import tempfile

from host import venv
from host.errors import LabError
from host.settings import ROOT

PYTEST = [str(venv.PYTHON), "-m", "pytest"]
# pytest's exit status when no test was chosen.
NO_TESTS = 5
# The tests that compare pictures: of MLflow's pages, and of a terminal.
PICTURES = (
    "tests/browser/test_pages.py",
    "tests/docs/test_readme.py::test_the_picture_of_lab_shows_what_lab_prints",
)


def run(has_engine: bool) -> int:
    """Run the tests of the embedded mode, and of the stack if there is a Docker engine. Return an exit status.

    The variable ARGS goes to pytest. If it chooses no test of a mode, that mode is left out.
    """
    args = shlex.split(os.environ.get("ARGS", ""))
    modes = ["embedded", "stack"] if has_engine else ["embedded"]
    venv.install("dev")
    # An embedded lab installs these packages. They are part of dev, so this only records that they are there.
    venv.install("trainer")
    only_quick = False
    if args:
        chosen_modes, only_quick = choice(args)
        modes = [mode for mode in modes if mode in chosen_modes]
        if not modes:
            print("ARGS does not choose any test.")
            return NO_TESTS
    if not only_quick:
        install_everything(modes)
    commands = [[*PYTEST, "--mode", mode, *args] for mode in modes]
    if len(commands) == 1:
        return run_beside(commands[0], None)
    commands = [[*command, "--both-modes"] for command in commands]
    print("Tests of the stack run at the same time. Their output follows at the end.")
    print("Embedded mode, and tests that start a stack of their own:", flush=True)
    embedded, stack = commands
    # The tests on the shared stack take longer and often wait. The other tests use the processor meanwhile.
    return run_beside(["nice", "-n", "5", *embedded], stack)


def choice(args: list[str]) -> tuple[list[str], bool]:
    """Return the modes of the tests that pytest would run with `args`, and whether all of these tests are quick.

    If pytest cannot collect the tests, return all modes: the run itself will print the error.
    """
    print("Collecting the tests that ARGS chooses …", flush=True)
    with tempfile.NamedTemporaryFile("r") as file:
        # In one word: pytest would take a second word, which is an existing file, for a test outside of this folder.
        collect = [*PYTEST, *args, "--collect-only", f"--choice-file={file.name}"]
        process = subprocess.run(collect, cwd=ROOT, capture_output=True)
        if process.returncode not in (0, NO_TESTS):
            return ["embedded", "stack"], False
        chosen = json.load(file)
    return chosen["modes"], chosen["only_quick"]


def install_everything(modes: list[str]) -> None:
    """Install what only slow tests need. This happens before any test, because packages must not change meanwhile.

    Raises LabError if something is missing that the user has to install.
    """
    if shutil.which("java") is None:
        raise LabError(
            "The tests run lesson 07 too, which needs Java 17 or newer. Install it. "
            "On Debian or Ubuntu: apt install openjdk-21-jre-headless, or openjdk-17-jre-headless."
        )
    if "stack" in modes and shutil.which("npm") is None:
        raise LabError(
            "The tests open the dev container with its command-line tool, which needs Node.js 20 or newer with npm. "
            "Install both."
        )
    for requirements in ("notebook", "audit"):
        venv.install(requirements)
    venv.install_browser()


def run_beside(command: list[str], background: list[str] | None) -> int:
    """Run a command, and maybe another one in the background. Return the higher exit status.

    The output of the second command follows at the end. Ctrl-C interrupts both commands, and this
    function waits until they have removed their labs. A second Ctrl-C kills them.
    """
    with tempfile.TemporaryFile("w+") as log:
        processes: list[subprocess.Popen[bytes]] = []
        try:
            # The terminal sends Ctrl-C only to the first one, which is also the only one that may read from it.
            processes.append(subprocess.Popen(command, cwd=ROOT))
            if background:
                processes.append(
                    subprocess.Popen(
                        background,
                        cwd=ROOT,
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                        start_new_session=True,
                    )
                )
            statuses = [process.wait() for process in processes]
            # With ARGS, all chosen tests may run in one of the two processes.
            statuses = [status for status in statuses if status != NO_TESTS] or [NO_TESTS]
        except KeyboardInterrupt:
            stop(processes)
            raise
        finally:
            log.seek(0)
            if output := log.read():
                print(f"Stack:\n{output}", flush=True)
    return max(statuses)


def stop(processes: list[subprocess.Popen[bytes]]) -> None:
    """Interrupt the processes in the background and wait for all of them. Kill them at the next Ctrl-C."""
    print(
        "\nStopping. The tests remove their labs first. To stop at once and leave the labs, press Ctrl-C again.",
        flush=True,
    )
    background = [process for process in processes[1:] if process.poll() is None]
    for process in background:
        os.killpg(process.pid, signal.SIGINT)
    try:
        for process in processes:
            process.wait()
    except KeyboardInterrupt:
        processes[0].kill()
        for process in background:
            os.killpg(process.pid, signal.SIGKILL)


def take_screenshots() -> int:
    """Take the documentation's pictures again if they are out of date, from labs of the tests' own."""
    for requirements in ("trainer", "dev"):
        venv.install(requirements)
    venv.install_browser()
    options = ["--mode", "embedded", "--screenshots", *PICTURES]
    return subprocess.run([*PYTEST, *options], cwd=ROOT).returncode


def write_pages() -> int:
    """Write those pages of lessons and errors again that are out of date, in a lab of the tests' own."""
    for requirements in ("trainer", "dev", "notebook"):
        venv.install(requirements)
    pages = ["tests/errors/test_pages_of_errors.py", "tests/lessons/test_pages_of_lessons.py"]
    return subprocess.run([*PYTEST, "--mode", "embedded", "--pages", *pages], cwd=ROOT).returncode
