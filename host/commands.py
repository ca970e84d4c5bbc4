"""The command line: a subcommand for each target of make, and the subcommands that editors and CI call."""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from host import backup, compose, garbage, new_lesson, processes, stack, testing, venv
from host.embedded import Embedded
from host.errors import LabError
from host.mode import Mode
from host.ports import page
from host.settings import ROOT, settings
from host.stack import Stack


def choose() -> Mode:
    """Return the mode to use, and print one line with the mode and the reason. Raises LabError."""
    setting = settings()["LAB_MODE"]
    if setting not in ("", "stack", "embedded"):
        raise LabError(
            f"LAB_MODE is {setting!r}. Set it to stack or embedded, or leave it empty, in .env or the environment."
        )
    problem = compose.engine_problem() if setting != "embedded" else None
    if setting == "stack" and problem:
        raise LabError(
            f"LAB_MODE is stack, but {problem}. To use the lab without Docker, set LAB_MODE=embedded."
        )
    if problem or setting == "embedded":
        reason = problem or "LAB_MODE is embedded"
        print(
            f"Mode: embedded, because {reason}. This mode has no Postgres, no MinIO and no containers.",
            flush=True,
        )
        return Embedded()
    reason = "LAB_MODE is stack" if setting else "a Docker engine answers"
    print(f"Mode: stack, because {reason}.", flush=True)
    return Stack()


def up(mode: Mode) -> int:
    """Start the lab, print the address of MLflow's page and what to type next."""
    mode.up()
    print(f"The lab is running. MLflow's page: {page('MLFLOW_PORT')}")
    print("Next:")
    print("  make shell   opens the lab's shell; type lab there to see what to do first")
    print("  make demo    runs every lesson and example")
    print("  make down    stops the lab and keeps your runs and models")
    return 0


def down(mode: Mode) -> int:
    """Stop the lab."""
    mode.down()
    # The embedded mode may have been started when no Docker engine was running.
    Embedded().down()
    return 0


def shell(mode: Mode, lesson: str | None) -> int:
    """Open the lab's shell, with the packages of a lesson if one is named."""
    if lesson and folder_of(lesson) is None:
        raise LabError(f"There is no lesson {lesson}. Type a lesson's number, as in: make shell-06")
    status = mode.shell(profile_of(lesson) if lesson else None)
    # At a terminal, the status is the status of the last command that the user typed. make must not report it.
    return 0 if sys.stdin.isatty() else status


def notebook(mode: Mode) -> int:
    """Start JupyterLab and print its address in the last line."""
    mode.notebook()
    token = quote(settings()["JUPYTER_TOKEN"])
    print("JupyterLab is running. `make down` stops it. Open this address, and do not share it:")
    print(f"{page('JUPYTER_PORT')}/lab/tree/tutorial?token={token}")
    return 0


def demo(mode: Mode) -> int:
    """Run every lesson and example."""
    mode.up()
    return mode.execute("lab", "demo")


def lesson(mode: Mode, name: str) -> int:
    """Run one lesson and its examples, with all the packages that they can use."""
    profile = profile_of(name)
    mode.up(profile)
    return mode.execute("lab", "demo", "--lesson", name, profile=profile)


def folder_of(lesson: str) -> Path | None:
    """Return the folder of a lesson, given as 3, 03 or 03_models_pyfunc. Return None if there is no such lesson."""
    return next(ROOT.glob(f"tutorial/{lesson.partition('_')[0].zfill(2)}_*"), None)


def profile_of(lesson: str) -> str | None:
    """Return the profile of a lesson, given as 3, 03 or 03_models_pyfunc. Return None if it needs none."""
    folder = folder_of(lesson)
    file = folder / ".lesson" / "profile" if folder else None
    return file.read_text(encoding="utf-8").strip() if file and file.exists() else None


def bench(mode: Mode) -> int:
    """Run every benchmark. A benchmark that is named after a lesson runs with the lesson's profile."""
    scripts: dict[str | None, list[Path]] = {}
    for script in sorted(path.relative_to(ROOT) for path in ROOT.glob("benchmarks/*.py")):
        scripts.setdefault(profile_of(script.stem), []).append(script)
    statuses = []
    for profile, profile_scripts in scripts.items():
        mode.up(profile)
        statuses += [mode.execute("python", str(s), profile=profile) for s in profile_scripts]
    if mode.has_engine:
        venv.install("trainer")
        command = [str(venv.PYTHON), "-m", "benchmarks.stock"]
        # After Ctrl-C, this process removes its stacks.
        statuses.append(processes.wait(subprocess.Popen(command, cwd=ROOT)))
    else:
        print("Left out benchmarks/stock: it compares stacks, which need a Docker engine.")
    return max(statuses)


def delete_data(mode: Mode) -> int:
    """Ask, then delete every run, model and object of the lab."""
    question = f"Delete all runs, models and files of this lab ({mode.data_location})? Type yes: "
    print(question, end="", flush=True)
    if sys.stdin.readline().strip() != "yes":
        print("Nothing was deleted.")
        return 1
    mode.delete_data()
    return 0


def collect_garbage(mode: Mode) -> int:
    """Show what somebody has deleted, ask, then delete it for good."""
    mode.up()
    return garbage.collect(mode)


def reset_packages(mode: Mode) -> int:
    """Remove the learner's own packages."""
    mode.reset_packages()
    print("The lab has its own packages again, and no others.")
    return 0


def write_backup(mode: Mode) -> int:
    """Write a backup and print its path."""
    print(f"Backup: {backup.write(mode)}")
    return 0


def restore(mode: Mode, file: str) -> int:
    """Restore a backup."""
    backup.restore(mode, file)
    return 0


def upgrade_database(mode: Mode) -> int:
    """Upgrade the database of an older MLflow to this version's schema, after a backup."""
    file = backup.write(mode)
    print(f"Backup before the upgrade: {file}", flush=True)
    if not mode.upgrade_database():
        raise LabError(
            f"The database was not upgraded. The lines above say why. Nothing is lost: {file} contains all data from "
            "before the upgrade. To go back, type `make delete-data`. Then use the version of the lab that wrote the "
            f"data, and type `make restore FILE={file}`."
        )
    print("The database now has the schema of this version. Start the lab: make up")
    return 0


def install(requirements: str) -> int:
    """Install the packages of requirements/NAME.txt."""
    venv.install(requirements)
    return 0


def make_lesson(name: str) -> int:
    """Make a lesson from the template."""
    folder = new_lesson.create(name).relative_to(ROOT)
    print(f"{folder} is a copy of the template, and it works. Change it, beginning with run.py.")
    return 0


def prepare() -> int:
    """Prepare the stack for an editor that starts it."""
    stack.prepare()
    return 0


def command_line() -> argparse.ArgumentParser:
    """Return the parser. Its result has a function `run` that runs the command."""
    parser = argparse.ArgumentParser(
        prog="python3 -m host",
        description="Start, stop and maintain the lab. `make` calls these commands.",
        epilog="The lab uses the stack if a Docker engine answers, and the embedded mode otherwise. "
        "LAB_MODE=stack or LAB_MODE=embedded forces one of them. .env.example describes every setting.",
    )
    commands = parser.add_subparsers(
        title="commands", dest="command", metavar="COMMAND", required=True
    )

    def add(
        name: str, help: str, run: Callable[[argparse.Namespace], int]
    ) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=help, description=f"{help[0].upper()}{help[1:]}.")
        command.set_defaults(run=run)
        return command

    add("up", "start the lab", lambda args: up(choose()))
    add("down", "stop the lab and keep its data", lambda args: down(choose()))
    opening = add("shell", "open the lab's shell", lambda args: shell(choose(), args.lesson))
    opening.add_argument(
        "lesson", nargs="?", help="a lesson whose packages the shell needs, such as 06"
    )
    add("notebook", "start JupyterLab and print its address", lambda args: notebook(choose()))
    add("demo", "start the lab and run every lesson and example", lambda args: demo(choose()))
    run_lesson = add(
        "lesson", "run one lesson and its examples", lambda args: lesson(choose(), args.lesson)
    )
    run_lesson.add_argument("lesson", help="a lesson's number or folder: 3, 03, 03_models_pyfunc")
    add(
        "backup",
        "write the database and the objects to one file",
        lambda args: write_backup(choose()),
    )
    restoring = add(
        "restore",
        "restore a backup into an empty lab",
        lambda args: restore(choose(), args.file),
    )
    restoring.add_argument("file", help="a file that the command backup wrote")
    add(
        "upgrade-database",
        "upgrade the database of an older MLflow, after a backup",
        lambda args: upgrade_database(choose()),
    )
    add(
        "delete-data",
        "stop the lab and delete its runs, models and files; asks first",
        lambda args: delete_data(choose()),
    )
    add(
        "gc",
        "delete for good what you deleted, except files that a version needs; asks first",
        lambda args: collect_garbage(choose()),
    )
    add(
        "reset-packages",
        "remove the packages that you installed, and restore the lab's own",
        lambda args: reset_packages(choose()),
    )
    add(
        "test",
        "run the tests, also of the stack if a Docker engine answers; the variable ARGS goes to pytest",
        lambda args: testing.run(choose().has_engine),
    )
    add("bench", "run every benchmark", lambda args: bench(choose()))
    add(
        "screenshots",
        "take the READMEs' pictures again that are out of date",
        lambda args: testing.take_screenshots(),
    )
    add(
        "pages",
        "write the pages of lessons and errors again that are out of date",
        lambda args: testing.write_pages(),
    )
    making = add("new-lesson", "copy the template of a lesson", lambda args: make_lesson(args.name))
    making.add_argument("name", help="two digits and a topic: 08_topic")
    installing = add(
        "install", "install packages into .venv", lambda args: install(args.requirements)
    )
    names = sorted(path.stem for path in ROOT.glob("requirements/*.txt"))
    installing.add_argument(
        "requirements",
        choices=names,
        help=f"a file in requirements/: {', '.join(names)}",
        metavar="NAME",
    )
    add(
        "prepare",
        "for an editor that starts the stack: write .env if there is none, and check its settings",
        lambda args: prepare(),
    )
    return parser


def check_system(command: str) -> None:
    """Raise LabError if Windows cannot run the command. An editor on Windows runs `prepare`."""
    if sys.platform == "win32" and command != "prepare":
        raise LabError(
            f"Windows itself cannot run the command {command}. Type it in a terminal of WSL 2: see docs/machines.md"
        )


def main() -> None:
    """Run one command and exit with its status, or with one message if the user can fix the error."""
    args = command_line().parse_args()
    # Python compiles the packages in .venv when they are first imported. With this variable it would compile them at
    # every start, which takes seconds.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        check_system(args.command)
        sys.exit(args.run(args))
    except LabError as error:
        sys.exit(f"\n{error}")
    except KeyboardInterrupt:
        sys.exit(
            "\nStopped. The lab may still be running: `make up` starts it again, `make down` stops it."
        )
