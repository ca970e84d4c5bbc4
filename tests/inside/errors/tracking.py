"""Runs and experiments."""

import runpy
import sys
from pathlib import Path
from unittest.mock import patch

import mlflow
from mlflow import MlflowClient

from tests.inside.small_models import experiment_id

ROOT = Path(__file__).parents[3]
NAME = "errors_tracking"


def experiment_deleted() -> None:
    """Use an experiment that was deleted."""
    experiment = experiment_id(NAME)
    MlflowClient().delete_experiment(experiment)
    try:
        mlflow.set_experiment(NAME)
    finally:
        MlflowClient().restore_experiment(experiment)


def models_page_too_early() -> None:
    """Ask for registered models in the order in which the page of runs asks for runs."""
    MlflowClient().search_registered_models(order_by=["attributes.start_time DESC"])


def no_run_to_reproduce() -> None:
    """Reproduce a lesson's run before the lesson has run."""
    script = (ROOT / "examples/03_models_pyfunc/reproduce_run.py").read_text(encoding="utf-8")
    # The lesson itself may have run in this lab.
    Path("reproduce_run.py").write_text(script.replace("03_models_pyfunc", "errors_tracking_none"))
    with patch.object(sys, "argv", ["reproduce_run.py"]):
        runpy.run_path("reproduce_run.py", run_name="__main__")
