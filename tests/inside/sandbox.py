"""Lessons run under names of the tests' own, inside a lab, so that nothing of the learner's is touched."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from uuid import uuid4

import mlflow
import pytest

from lab import artifacts
from lab.lessons import Lesson, lab_root, lessons
from lab.reset import all_pages, delete_artifacts
from tests.inside.warm_python import WarmPython


def refuse_to_run_outside() -> None:
    """Stop outside of a lab, where MLflow would quietly write to a file mlflow.db in this folder."""
    if not os.environ.get("MLFLOW_TRACKING_URI"):
        pytest.exit(
            "These tests run inside a lab: docker compose exec trainer pytest tests/smoke, "
            "or in the shell that make shell opens.",
            returncode=1,
        )


def copy_under_other_names(target: Path, only: str = "*") -> str:
    """Copy the lessons to `target` under a prefix, which is returned; `only` is a pattern of folder names.

    An experiment is named after its lesson's folder, and a registered model begins with iris_: in
    the copies both bear the prefix, and so do the folders.
    """
    root, prefix = lab_root(), f"smoke_{uuid4().hex[:8]}"
    names = "|".join(lesson.name for lesson in lessons(root))
    # With a slash at the end, a pattern matches folders only, not tutorial/words.md.
    for folder in (*root.glob(f"tutorial/{only}/"), *root.glob(f"examples/{only}/")):
        copy = target / folder.parent.name / re.sub(rf"^({names})$", rf"{prefix}_\1", folder.name)
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for file in target.rglob("*"):
        if file.suffix in (".py", ".md", ".toml"):
            text = re.sub(
                rf"\b({names})(?=\b|_)", rf"{prefix}_\1", file.read_text(encoding="utf-8")
            )
            file.write_text(re.sub(r"\biris_", f"{prefix}_", text), encoding="utf-8")
    return prefix


def what_is_missing(lesson: Lesson, python: WarmPython) -> subprocess.CompletedProcess[str] | None:
    """Run the lesson's .lesson/needs.py, as the lab does before its scripts. Return None if nothing is missing."""
    if not lesson.needs.exists():
        return None
    looked = python.run(lesson.needs, lesson.root)
    return looked if looked.returncode else None


def remove_everything(prefix: str) -> None:
    """Delete the registered models, experiments and artifacts whose names bear `prefix`.

    The rows of a deleted experiment stay in the database, marked deleted, until `mlflow gc` runs there.
    """
    client = mlflow.MlflowClient()
    ours = f"name LIKE '{prefix}%'"
    for model in all_pages(client.search_registered_models, ours):
        client.delete_registered_model(model.name)
    for experiment in all_pages(client.search_experiments, filter_string=ours):
        delete_artifacts(f"{artifacts.PREFIX}{experiment.experiment_id}")
        client.delete_experiment(experiment.experiment_id)
