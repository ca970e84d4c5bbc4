"""Exercises."""

import os
import subprocess
import sys
from pathlib import Path

from mlflow import MlflowClient

from lab.checks.registry import latest_champion


def exercise_not_run() -> None:
    """Check an exercise before it has registered a model."""
    latest_champion(MlflowClient(), "errors_exercises_none", "python exercise.py")


def exercise_unchanged() -> str:
    """Check an exercise that is unchanged."""
    lesson = Path("tutorial", "00_topic")
    (lesson / ".lesson").mkdir(parents=True)
    (lesson / ".lesson" / "check.py").write_text("import sys; sys.exit('Do this next.')")
    for name in ("README.md", "run.py", "exercise.py"):
        (lesson / name).touch()
    author = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    for command in (["init"], ["add", "."], [*author, "commit", "--message", "As shipped"]):
        subprocess.run(["git", *command], check=True, capture_output=True)
    environment = os.environ | {"LAB_ROOT": str(Path.cwd())}
    command = [sys.executable, "-m", "lab", "check", "0"]
    return subprocess.run(command, env=environment, text=True, capture_output=True).stdout
