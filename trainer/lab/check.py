"""Is a lesson passed? Its own check.py decides, from what is in the tracking server and the store."""

import ast
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lab.lessons import Lesson

SECONDS = 120
# Runs a script in a folder, for at most so many seconds: run_script, or WarmPython.run.
Runner = Callable[[Path, Path, float | None], subprocess.CompletedProcess[str]]


@dataclass(frozen=True)
class Verdict:
    """What a check found: passed or not, with what was proven or the next thing to do."""

    passed: bool
    text: str


def syntax_error(lesson: Lesson) -> str | None:
    """Return where the learner's exercise is no Python, or None."""
    name = lesson.exercise.relative_to(lesson.root)
    try:
        ast.parse(lesson.exercise.read_text(encoding="utf-8"))
    except OSError as error:
        return f"{name} cannot be read ({error.strerror}). To get the starter back: git checkout -- {name}"
    except UnicodeDecodeError:
        return f"{name} is not text in UTF-8. Save it as such, or get the starter back: git checkout -- {name}"
    except SyntaxError as error:
        where = f"{name}, line {error.lineno}"
        return f"{where}: {(error.text or '').strip()}\n{error.msg}. Mend this line first."
    return None


def as_shipped(lesson: Lesson) -> bool:
    """Tell whether the exercise is on disk as it was committed; False as well where git cannot say."""
    command = ["git", "--no-optional-locks", "diff", "--quiet", "HEAD", "--", str(lesson.exercise)]
    try:
        # Of a file that it does not know git sees no change either.
        known = ["git", "ls-files", "--error-unmatch", str(lesson.exercise)]
        return all(
            subprocess.run(words, cwd=lesson.root, capture_output=True).returncode == 0
            for words in (known, command)
        )
    except OSError:
        return False


def run_script(
    script: Path, cwd: Path, timeout: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a script in a new Python. Raises subprocess.TimeoutExpired, and then kills all that it started."""
    process = subprocess.Popen(
        [sys.executable, str(script)],
        cwd=cwd,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # So that what a check started for its part ends with it.
        start_new_session=True,
    )
    try:
        stdout, stderr = process.communicate(timeout=timeout)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def check(lesson: Lesson, seconds: float = SECONDS, run: Runner = run_script) -> Verdict:
    """Run a lesson's check, for at most `seconds`, and return its verdict."""
    if problem := syntax_error(lesson):
        return Verdict(False, problem)
    try:
        process = run(lesson.check.relative_to(lesson.root), lesson.root, seconds)
    except subprocess.TimeoutExpired:
        return Verdict(
            False,
            f"The check took more than {seconds:g} s and was stopped, so this is not passed. "
            "Does your model take that long to load or to predict? Try it on a few rows.",
        )
    proven = process.stdout.strip().splitlines()
    # The last words of a check that got to its end: a learner's model may end the process.
    if process.returncode == 0 and proven and proven[-1].startswith("ok"):
        return Verdict(True, process.stdout.strip())
    if process.returncode == 0:
        return Verdict(
            False, "Your model ended the check's process before it was judged. It must not exit."
        )
    if "Traceback (most recent call last)" in process.stderr:
        last = process.stderr.strip().splitlines()[-1]
        return Verdict(
            False,
            f"The check could not judge this: {last}\nlab doctor says whether the lab is well. "
            "If it is, this is the lab's mistake: please report it.",
        )
    return Verdict(
        False, process.stderr.strip() or f"The check ended with exit status {process.returncode}."
    )
