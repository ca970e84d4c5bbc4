"""The commands behind the Makefile's targets."""

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from urllib.parse import quote

from host import audit, backup, embedded, new_lesson, stack, venv
from host.errors import LabError
from host.settings import ROOT, port, settings


def choose() -> ModuleType:
    """Return the mode to work in, stack or embedded, saying in one line which and why. Raises LabError."""
    wanted = settings()["LAB_MODE"]
    if wanted not in ("", "stack", "embedded"):
        raise LabError(
            f"LAB_MODE is {wanted!r}. Give it stack, embedded, or nothing, in .env or the environment."
        )
    problem = stack.engine_problem() if wanted != "embedded" else None
    if wanted == "stack" and problem:
        raise LabError(
            f"LAB_MODE asks for the stack, but {problem}. Without Docker: LAB_MODE=embedded"
        )
    if problem or wanted == "embedded":
        why = problem or "LAB_MODE says so"
        print(
            f"Mode: embedded, because {why}. It has no Postgres, no MinIO and no isolation.",
            flush=True,
        )
        return embedded
    print(
        f"Mode: stack, because {'LAB_MODE says so' if wanted else 'a Docker engine answers'}.",
        flush=True,
    )
    return stack


def demo(mode: ModuleType) -> int:
    """Run every lesson and example."""
    mode.up()
    return mode.execute("lab", "demo")


def test(mode: ModuleType) -> int:
    """Run the tests: those of the embedded mode everywhere, those of the stack where there is one.

    The environment's ARGS goes to pytest.
    """
    if shutil.which("java") is None:
        raise LabError(
            "The tests run lesson 07 too, which needs Java 17 or newer. "
            "Debian, Ubuntu: apt install openjdk-21-jre-headless or openjdk-17-jre-headless."
        )
    if mode is stack and shutil.which("npm") is None:
        raise LabError(
            "The tests open the dev container by its command-line tool, which needs Node.js 20 or newer with npm."
        )
    # All before any test runs: what is installed must not change under the tests.
    for requirements in ("trainer", "notebook", "dev", "audit"):
        venv.install(requirements)
    venv.install_browser()
    pytest = [venv.PYTHON, "-m", "pytest", *shlex.split(os.environ.get("ARGS", ""))]
    with tempfile.TemporaryFile("w+") as log:
        if mode is stack:
            # Beside the others, as a mode alone leaves a core idle.
            print("The stack's tests run at the same time; what they print follows at the end.")
            env = os.environ | {"LAB_TEST_MODES": "stack"}
            beside = subprocess.Popen(pytest, cwd=ROOT, env=env, stdout=log, stderr=log)
        print("Embedded mode:", flush=True)
        env = os.environ | {"LAB_TEST_MODES": "embedded"}
        if mode is stack:
            env["LAB_TEST_BESIDE"] = "stack"
        statuses = [subprocess.run(pytest, cwd=ROOT, env=env).returncode]
        if mode is stack:
            statuses.append(beside.wait())
            log.seek(0)
            print(f"Stack:\n{log.read()}", flush=True)
    # 5: ARGS chose no test of that mode.
    return max((status for status in statuses if status != 5), default=5)


def screenshots() -> int:
    """Take those of the READMEs' pictures again that are out of date, from a lab of the tests' own."""
    for requirements in ("trainer", "dev"):
        venv.install(requirements)
    venv.install_browser()
    env = os.environ | {"LAB_TEST_MODES": "embedded", "LAB_TEST_SCREENSHOTS": "1"}
    return subprocess.run(
        [venv.PYTHON, "-m", "pytest", "tests/browser/test_pages.py"], cwd=ROOT, env=env
    ).returncode


def profile_of(lesson: str) -> str | None:
    """Return the profile of a lesson, given as 3, 03 or its folder's name; None if it needs none."""
    number = lesson.partition("_")[0].zfill(2)
    file = next(ROOT.glob(f"tutorial/{number}_*/.lesson/profile"), None)
    return file.read_text(encoding="utf-8").strip() if file else None


def lesson(mode: ModuleType, wanted: str) -> int:
    """Run one lesson and its examples, with all that it can use."""
    profile = profile_of(wanted)
    mode.up(profile)
    return mode.execute("lab", "demo", "--lesson", wanted, profile=profile)


def bench(mode: ModuleType) -> int:
    """Run every benchmark; one in the lab that is named after a lesson has what the lesson has."""
    scripts: dict[str | None, list[Path]] = {}
    for script in sorted(path.relative_to(ROOT) for path in ROOT.glob("benchmarks/*.py")):
        scripts.setdefault(profile_of(script.stem), []).append(script)
    statuses = []
    for profile, of_profile in scripts.items():
        mode.up(profile)
        statuses += [mode.execute("python", str(s), profile=profile) for s in of_profile]
    if mode is stack:
        statuses.append(bench_stock())
    else:
        print("benchmarks/stock is left out: it compares stacks, which need a Docker engine.")
    return max(statuses)


def bench_stock() -> int:
    """Run the benchmark that starts stacks of its own."""
    venv.install("trainer")
    process = subprocess.Popen([venv.PYTHON, "-m", "benchmarks.stock"], cwd=ROOT)
    try:
        return process.wait()
    except KeyboardInterrupt:
        # It had the Ctrl-C too, and removes its stacks.
        process.wait()
        raise


def delete_data(mode: ModuleType) -> int:
    """Delete every run, model and object of the lab, after asking."""
    what = f"the volumes of {stack.name()}" if mode is stack else f"the folder {embedded.STATE}"
    print(f"Delete all runs, models and files of this lab ({what})? Type yes: ", end="", flush=True)
    if sys.stdin.readline().strip() != "yes":
        print("Nothing was deleted.")
        return 1
    mode.delete_data()
    return 0


def upgrade_database(mode: ModuleType) -> int:
    """Bring the database of an older MLflow to this one's schema, after a backup."""
    file = backup.write(mode)
    print(f"The lab as it was: {file}", flush=True)
    if not mode.upgrade_database():
        raise LabError(
            f"The database was not upgraded; the lines above say why. Nothing is lost: {file} has all of it as it was. "
            "To go back: `make delete-data`, then, with the version of the lab that wrote it, "
            f"`make restore FILE={file}`."
        )
    print("The database has this version's schema. Start the lab: make up")
    return 0


def up(mode: ModuleType) -> int:
    """Start the lab and say where it is."""
    mode.up()
    print(f"MLflow's page: http://localhost:{port('MLFLOW_PORT')}")
    print("A learner's shell: make shell · every lesson: make demo · stop: make down")
    return 0


def down(mode: ModuleType) -> int:
    """Stop the lab."""
    mode.down()
    if mode is stack:
        # It may have been started while no engine answered.
        embedded.down()
    return 0


def notebook(mode: ModuleType) -> int:
    """Start JupyterLab, and print its address last."""
    mode.notebook()
    token = quote(settings()["JUPYTER_TOKEN"])
    print("The lessons as notebooks, at an address that is yours alone (stop: make down):")
    print(f"http://localhost:{port('JUPYTER_PORT')}/lab/tree/tutorial?token={token}")
    return 0


def write_backup(mode: ModuleType) -> int:
    """Write a backup and say where it is."""
    print(f"Backup: {backup.write(mode)}")
    return 0


def restore(mode: ModuleType, file: str) -> int:
    """Restore a backup."""
    backup.restore(mode, file)
    return 0


def install(requirements: str) -> int:
    """Install the packages of requirements/NAME.txt."""
    venv.install(requirements or "trainer")
    return 0


def make_lesson(folder: str) -> int:
    """Make a lesson to begin with."""
    made = new_lesson.create(folder).relative_to(ROOT)
    print(f"{made} is a lesson that works. Make it yours, its README first.")
    return 0


def prepare() -> int:
    """Have ready what the dev container needs, which is the stack in any case."""
    stack.prepare()
    return 0


# The commands, by what they are told: the mode, the argument, both or nothing.
OF_A_MODE = {
    "up": up,
    "down": down,
    "shell": lambda mode: mode.shell(),
    "notebook": notebook,
    "demo": demo,
    "test": test,
    "bench": bench,
    "delete-data": delete_data,
    "backup": write_backup,
    "upgrade-database": upgrade_database,
}
OF_A_MODE_WITH_ARGUMENT = {"lesson": lesson, "restore": restore}
WITH_ARGUMENT = {"install": install, "new-lesson": make_lesson}
PLAIN = {"audit": audit.audit, "prepare": prepare, "screenshots": screenshots}


def main() -> None:
    """Carry out one command; exit with its status, or with one message where the user can mend something."""
    parser = argparse.ArgumentParser(prog="python3 -m host")
    choices = [*OF_A_MODE, *OF_A_MODE_WITH_ARGUMENT, *WITH_ARGUMENT, *PLAIN]
    parser.add_argument("command", choices=choices)
    parser.add_argument("argument", nargs="?", default="")
    words = parser.parse_args()
    try:
        sys.exit(carry_out(words.command, words.argument))
    except LabError as error:
        sys.exit(f"\n{error}")
    except KeyboardInterrupt:
        sys.exit("\nStopped. What was running goes on or can be started again: make up, make down")


def carry_out(command: str, argument: str) -> int:
    """Carry out `command`, in the mode that is chosen if it is of one; return the exit status."""
    if command in PLAIN:
        return PLAIN[command]()
    if command in WITH_ARGUMENT:
        return WITH_ARGUMENT[command](argument)
    mode = choose()
    if command in OF_A_MODE:
        return OF_A_MODE[command](mode)
    return OF_A_MODE_WITH_ARGUMENT[command](mode, argument)
