"""The verdict on an exercise or a drill: run its check.py and read its result.

The check looks at what the exercise created, on the server and in the output folder. Several checks share the code in
lab/checks, and the scripts of several drills share the code in lab/drilling.
"""

import ast
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lab.lessons import Lesson
from lab.processes import signal_group

CHECK_TIMEOUT_SECONDS = 120
# The exit status of `sys.exit(message)`, with which a check says what is missing.
STOPPED_BY_CHECK = 1
# A function like run_script: it runs a script in a folder, for at most so many seconds. Tests use a quicker one.
Runner = Callable[[Path, Path, float | None], subprocess.CompletedProcess[str]]


@dataclass(frozen=True)
class Verdict:
    """Whether the exercise has passed, and what the check printed: its "ok" lines or the next step."""

    passed: bool
    text: str
    # Whether another check would give the same verdict if nothing changes. After a time limit, a killed process or a
    # server error, the next verdict may be different.
    repeatable: bool = False


def syntax_error(lesson: Lesson) -> str | None:
    """Return a message with the line of the exercise that is not valid Python, or None."""
    name = lesson.exercise.relative_to(lesson.root)
    try:
        ast.parse(lesson.exercise.read_text(encoding="utf-8"))
    except OSError as error:
        return f"{name} cannot be read ({error.strerror}). To get the starter back: git checkout -- {name}"
    except UnicodeDecodeError:
        return f"{name} is not a text file in UTF-8. Save it in UTF-8, or get the starter back: git checkout -- {name}"
    except SyntaxError as error:
        where = f"{name}, line {error.lineno}"
        return f"{where}: {(error.text or '').strip()}\n{error.msg}. Fix this line first."
    return None


def as_shipped(lesson: Lesson) -> bool:
    """Tell whether the exercise on disk is the committed one. Return False if git does not know."""
    is_unchanged = [
        "git",
        "--no-optional-locks",
        "diff",
        "--quiet",
        "HEAD",
        "--",
        str(lesson.exercise),
    ]
    try:
        # git reports no change either for a file that it does not track.
        is_tracked = ["git", "ls-files", "--error-unmatch", str(lesson.exercise)]
        return all(
            subprocess.run(command, cwd=lesson.root, capture_output=True).returncode == 0
            for command in (is_tracked, is_unchanged)
        )
    except OSError:
        return False


def run_script(
    script: Path, cwd: Path, timeout: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a script in a new Python. Raises subprocess.TimeoutExpired after killing all processes of the script."""
    process = subprocess.Popen(
        [sys.executable, str(script)],
        cwd=cwd,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # In a session of its own, so that the processes that a check has started can be killed with it.
        start_new_session=True,
    )
    try:
        stdout, stderr = process.communicate(timeout=timeout)
    except BaseException:
        signal_group(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def check(
    lesson: Lesson, timeout_seconds: float = CHECK_TIMEOUT_SECONDS, run: Runner = run_script
) -> Verdict:
    """Run a lesson's check, for at most `timeout_seconds`, and return its verdict."""
    if problem := syntax_error(lesson):
        return Verdict(False, problem, repeatable=True)
    return judge(lesson.check, lesson.root, "your exercise", timeout_seconds, run)


def judge(
    script: Path,
    root: Path,
    judged: str,
    timeout_seconds: float = CHECK_TIMEOUT_SECONDS,
    run: Runner = run_script,
) -> Verdict:
    """Run a check script in the folder `root`, and return its verdict. Messages call what it judges `judged`."""
    try:
        process = run(script.relative_to(root), root, timeout_seconds)
    except subprocess.TimeoutExpired:
        return Verdict(
            False,
            f"The check was stopped because it took more than {timeout_seconds:g} s, so {judged} has not passed. "
            "Does your model take that long to load or to predict? Try it with a few rows.",
        )
    output, error_output = process.stdout.strip(), process.stderr.strip()
    # A learner's model may end the process with status 0. A check that has reached its end has printed "ok" last.
    if process.returncode == 0 and output.rpartition("\n")[2].startswith("ok"):
        return Verdict(True, output, repeatable=True)
    if process.returncode == 0:
        return Verdict(
            False,
            "Your model ended the check's process before the check was finished. It must not call exit.",
        )
    if "Traceback (most recent call last)" in error_output:
        last = error_output.splitlines()[-1]
        return Verdict(
            False,
            f"The check could not judge this: {last}\n`lab doctor` says whether something is wrong with the lab. "
            "If it finds nothing, the check has a bug: please report it.",
        )
    text = error_output or f"The check ended with exit status {process.returncode}."
    return Verdict(False, text, repeatable=process.returncode == STOPPED_BY_CHECK)
