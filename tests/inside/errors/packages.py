"""A package is missing."""

import subprocess
import sys
from pathlib import Path


def lesson_package_missing() -> str:
    """Import a package in a lesson that has packages of its own."""
    lesson = Path("06_topic")
    (lesson / ".lesson").mkdir(parents=True)
    (lesson / ".lesson" / "profile").touch()
    (lesson / "run.py").write_text("import a_package_of_nobody\n")
    ran = subprocess.run([sys.executable, str(lesson / "run.py")], text=True, capture_output=True)
    return ran.stderr


def framework_missing() -> str:
    """Import a framework with a Python that has no packages."""
    command = [sys.executable, "-I", "-S", "-c", "import torch"]
    return subprocess.run(command, text=True, capture_output=True).stderr
