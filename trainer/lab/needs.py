"""What a lesson needs beyond the packages that every trainer has: its .lesson/needs.py looks whether it is here."""

import subprocess
import sys

from lab.lessons import Lesson


def status(lesson: Lesson) -> int:
    """Run the lesson's .lesson/needs.py, which prints what is missing. Return its exit status, 0 without the file."""
    if not lesson.needs.exists():
        return 0
    command = [sys.executable, str(lesson.needs.relative_to(lesson.root))]
    return subprocess.run(command, cwd=lesson.root).returncode
