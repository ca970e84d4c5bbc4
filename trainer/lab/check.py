"""Is a lesson passed? Its own check.py decides, from what is in the tracking server and the store."""

import ast
import os
import signal
import subprocess
import sys
from dataclasses import dataclass

from lab.lessons import Lesson

SECONDS = 120


@dataclass(frozen=True)
class Verdict:
    """What a check found: passed or not, with what was proven or the next thing to do."""

    passed: bool
    text: str


def syntax_error(lesson: Lesson) -> str | None:
    """Return where the learner's exercise is no Python, or None."""
    try:
        ast.parse(lesson.exercise.read_text(encoding="utf-8"))
    except SyntaxError as error:
        where = f"{lesson.exercise.relative_to(lesson.root)}, line {error.lineno}"
        return f"{where}: {(error.text or '').strip()}\n{error.msg}. Mend this line first."
    return None


def check(lesson: Lesson, seconds: float = SECONDS) -> Verdict:
    """Run a lesson's check, for at most `seconds`, and return its verdict."""
    if problem := syntax_error(lesson):
        return Verdict(False, problem)
    process = subprocess.Popen(
        [sys.executable, str(lesson.check.relative_to(lesson.root))],
        cwd=lesson.root,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # So that what a check started for its part ends with it.
        start_new_session=True,
    )
    try:
        said, complaint = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return Verdict(
            False,
            f"The check took more than {seconds:g} s and was stopped, so this is not passed. "
            "Does your model take that long to load or to predict? Try it on a few rows.",
        )
    if process.returncode == 0:
        return Verdict(True, said.strip())
    if "Traceback (most recent call last)" in complaint:
        last = complaint.strip().splitlines()[-1]
        return Verdict(
            False,
            f"The check could not judge this: {last}\nlab doctor says whether the lab is well. "
            "If it is, this is the lab's mistake: please report it.",
        )
    return Verdict(
        False, complaint.strip() or f"The check ended with exit status {process.returncode}."
    )
