"""The verdict on an exercise: run the lesson's check.py and read how it ended.

The check itself decides, from what is in the tracking server and in the output folder. What checks share
is in lab/checks.
"""

import ast
import os
import signal
import subprocess
import sys
from dataclasses import dataclass

from lab.lessons import Lesson

CHECK_TIMEOUT_SECONDS = 120


@dataclass(frozen=True)
class Verdict:
    """Passed or not, with the check's "ok" lines or with the next thing to do."""

    passed: bool
    text: str


def syntax_error(lesson: Lesson) -> str | None:
    """Return a message with the line of the exercise that is not valid Python, or None."""
    name = lesson.exercise.relative_to(lesson.root)
    try:
        ast.parse(lesson.exercise.read_text(encoding="utf-8"))
    except OSError as error:
        return f"{name} cannot be read ({error.strerror}). To get the starter back: git checkout -- {name}"
    except UnicodeDecodeError:
        return f"{name} is not text in UTF-8. Save it as such, or get the starter back: git checkout -- {name}"
    except SyntaxError as error:
        where = f"{name}, line {error.lineno}"
        return f"{where}: {(error.text or '').strip()}\n{error.msg}. Fix this line first."
    return None


def as_shipped(lesson: Lesson) -> bool:
    """Tell whether the exercise on disk is the committed one. Return False if git cannot say."""
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


def check(lesson: Lesson, timeout_seconds: float = CHECK_TIMEOUT_SECONDS) -> Verdict:
    """Run a lesson's check, for at most `timeout_seconds`, and return its verdict."""
    if problem := syntax_error(lesson):
        return Verdict(False, problem)
    process = subprocess.Popen(
        [sys.executable, str(lesson.check.relative_to(lesson.root))],
        cwd=lesson.root,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A session of its own, so that processes which the check started end with it.
        start_new_session=True,
    )
    try:
        output, error_output = process.communicate(timeout=timeout_seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return Verdict(
            False,
            f"The check took more than {timeout_seconds:g} s and was stopped, so this is not passed. "
            "Does your model take that long to load or to predict? Try it on a few rows.",
        )
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    output, error_output = output.strip(), error_output.strip()
    # A learner's model may end the process with 0. A check that got to its end has printed "ok" last.
    if process.returncode == 0 and output.rpartition("\n")[2].startswith("ok"):
        return Verdict(True, output)
    if process.returncode == 0:
        return Verdict(
            False, "Your model ended the check's process before it was judged. It must not exit."
        )
    if "Traceback (most recent call last)" in error_output:
        last = error_output.splitlines()[-1]
        return Verdict(
            False,
            f"The check could not judge this: {last}\nlab doctor says whether the lab is well. "
            "If it is, this is the lab's mistake: please report it.",
        )
    return Verdict(False, error_output or f"The check ended with exit status {process.returncode}.")
