"""Names of the smoke test's own, so that nothing of the learner's is touched, removed at the end."""

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import mlflow
import pytest
import requests
from mlflow.entities import ViewType

from lab.lessons import lab_root, lessons


def pytest_sessionstart() -> None:
    """Stop outside of a lab, where MLflow would quietly write to a file mlflow.db in this folder."""
    if not os.environ.get("MLFLOW_TRACKING_URI"):
        pytest.exit(
            "These tests run inside a lab: docker compose exec trainer pytest tests/smoke, "
            "or in the shell that make shell opens.",
            returncode=1,
        )


@dataclass(frozen=True)
class Sandbox:
    """A copy of every script under which experiments and registered models bear `prefix`."""

    prefix: str
    folder: Path


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Copy the lessons under names of our own; delete all that was made under these at the end."""
    box = Sandbox(f"smoke_{uuid4().hex[:8]}", tmp_path_factory.mktemp("smoke"))
    root = lab_root()
    for top in ("tutorial", "examples"):
        shutil.copytree(root / top, box.folder / top, ignore=shutil.ignore_patterns("__pycache__"))
    names = "|".join(lesson.name for lesson in lessons(root))
    for script in box.folder.rglob("*.py"):
        # An experiment is named after its lesson's folder, and a registered model begins with iris_.
        text = re.sub(rf"\b({names})\b", rf"{box.prefix}_\1", script.read_text(encoding="utf-8"))
        text = re.sub(r"\biris_", f"{box.prefix}_", text)
        script.write_text(text, encoding="utf-8")
    yield box
    remove_everything(box.prefix)


def remove_everything(prefix: str) -> None:
    """Delete the registered models, experiments and artifacts whose names bear `prefix`.

    The rows of a deleted experiment stay in the database, marked deleted, until `mlflow gc` runs there.
    """
    client = mlflow.MlflowClient()
    for model in client.search_registered_models(f"name LIKE '{prefix}%'"):
        client.delete_registered_model(model.name)
    found = client.search_experiments(ViewType.ACTIVE_ONLY, filter_string=f"name LIKE '{prefix}%'")
    for experiment in found:
        # MLflow's own delete leaves the artifacts where they are.
        api = f"{mlflow.get_tracking_uri()}/api/2.0/mlflow-artifacts/artifacts"
        requests.delete(f"{api}/{experiment.experiment_id}", timeout=60).raise_for_status()
        client.delete_experiment(experiment.experiment_id)
