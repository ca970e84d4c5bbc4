"""A package is missing."""

import importlib
import subprocess
import sys
from pathlib import Path

import mlflow
from sklearn.preprocessing import FunctionTransformer

from tests.inside.small_models import save


def lesson_package_missing() -> str:
    """Import a package in a lesson that has packages of its own."""
    lesson = Path("06_topic")
    (lesson / ".lesson").mkdir(parents=True)
    (lesson / ".lesson" / "profile").touch()
    (lesson / "run.py").write_text("import a_package_of_nobody\n")
    ran = subprocess.run([sys.executable, str(lesson / "run.py")], text=True, capture_output=True)
    return ran.stderr


def mlflow_missing() -> str:
    """Use a Python without the lab's packages."""
    command = [sys.executable, "-I", "-S", "-c", "import mlflow"]
    return subprocess.run(command, text=True, capture_output=True).stderr


def module_missing() -> None:
    """Save a model without the module of its function, and load it in a Python without this module."""
    Path("petal_features.py").write_text("def double(x): return 2 * x\n")
    sys.path.insert(0, str(Path.cwd()))
    try:
        double = importlib.import_module("petal_features").double
        path = save(FunctionTransformer(double), skops_trusted_types=["petal_features.double"])
    finally:
        sys.path.pop(0)
        sys.modules.pop("petal_features", None)
    mlflow.sklearn.load_model(path)


def framework_missing() -> str:
    """Import a framework with a Python that has no packages."""
    command = [sys.executable, "-I", "-S", "-c", "import torch"]
    return subprocess.run(command, text=True, capture_output=True).stderr
