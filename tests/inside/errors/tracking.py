"""Runs and experiments."""

import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import mlflow
import numpy as np
from mlflow import MlflowClient

from tests.inside.small_models import experiment_id

ROOT = Path(__file__).parents[3]
NAME = "errors_tracking"


def _log_metric(key: str, value: Any) -> None:
    """Log a metric in a new run."""
    with mlflow.start_run(experiment_id=experiment_id(NAME)):
        mlflow.log_metric(key, value)


def _search(filter_string: str) -> None:
    """Search for runs."""
    mlflow.search_runs(experiment_ids=[experiment_id(NAME)], filter_string=filter_string)


def experiment_deleted() -> None:
    """Use an experiment that was deleted."""
    experiment = experiment_id(NAME)
    MlflowClient().delete_experiment(experiment)
    try:
        mlflow.set_experiment(NAME)
    finally:
        MlflowClient().restore_experiment(experiment)


def models_page_too_early() -> None:
    """Search for registered models with the order that MLflow's page uses for runs."""
    MlflowClient().search_registered_models(order_by=["attributes.start_time DESC"])


def no_run_to_reproduce() -> None:
    """Reproduce a lesson's run before the lesson has run."""
    script = (ROOT / "examples/03_models_pyfunc/reproduce_run.py").read_text(encoding="utf-8")
    # The lesson itself may have run in this lab.
    Path("reproduce_run.py").write_text(script.replace("03_models_pyfunc", "errors_tracking_none"))
    with patch.object(sys, "argv", ["reproduce_run.py"]):
        runpy.run_path("reproduce_run.py", run_name="__main__")


def experiment_exists() -> None:
    """Create an experiment twice."""
    experiment_id(NAME)
    mlflow.create_experiment(NAME)


def experiment_not_found() -> None:
    """Use an id that no experiment has."""
    mlflow.get_experiment("999999")


def experiment_is_none() -> str:
    """Misspell an experiment's name."""
    experiment: Any = mlflow.get_experiment_by_name("errors_trakcing")
    return str(experiment.experiment_id)


def experiment_name_as_id() -> None:
    """Give an experiment's name in place of its id."""
    mlflow.search_runs(experiment_ids=[NAME])


def run_active() -> None:
    """Start a run while another one is active."""
    with mlflow.start_run(experiment_id=experiment_id(NAME)):
        mlflow.start_run()


def run_not_found() -> None:
    """Use an id that no run has."""
    mlflow.get_run("0" * 32)


def run_deleted() -> None:
    """Log to a run that was deleted."""
    run = MlflowClient().create_run(experiment_id(NAME))
    MlflowClient().delete_run(run.info.run_id)
    MlflowClient().log_metric(run.info.run_id, "accuracy", 1)


def parameter_changed() -> None:
    """Log two values of one parameter in a run."""
    with mlflow.start_run(experiment_id=experiment_id(NAME)):
        mlflow.log_param("C", 1)
        mlflow.log_param("C", 10)


def name_with_percent() -> None:
    """Put a percent sign into a metric's name."""
    _log_metric("accuracy (%)", 97)


def metric_is_text() -> None:
    """Log text as a metric."""
    _log_metric("accuracy", "high")


def metric_is_array() -> None:
    """Log several numbers as one metric."""
    _log_metric("accuracy", np.array([0.9, 0.8]))


def filter_without_prefix() -> None:
    """Leave out `metrics.` in a filter."""
    _search("accuracy > 0.9")


def filter_compares_text_with_number() -> None:
    """Compare a parameter with a number."""
    _search("params.C = 1")


def filter_compares_metric_with_text() -> None:
    """Compare a metric with text."""
    _search("metrics.accuracy > '0.9'")


def filter_without_quotes() -> None:
    """Leave out the quotes around text in a filter."""
    _search("tags.team = iris")


def filter_with_or() -> None:
    """Search for one of two values."""
    _search("params.C = '1' or params.C = '10'")


def list_method_removed() -> None:
    """Call a method of MLflow 1."""
    MlflowClient().list_experiments()


def file_named_mlflow() -> str:
    """Run a script that is named mlflow.py."""
    Path("mlflow.py").write_text("import mlflow\n\nmlflow.set_experiment('errors_tracking')\n")
    return subprocess.run([sys.executable, "mlflow.py"], text=True, capture_output=True).stderr
