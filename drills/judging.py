"""What the checks of the drills share. Each function stops the check with a message if something is still wrong."""

import os
import sys
import tempfile
from textwrap import shorten

import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Run, ViewType
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.pyfunc import PyFuncModel

from lab.checks.model import error_with_type
from lab.checks.registry import server_is_away

# The folder of the downloaded models. It is deleted when the check ends.
scratch = tempfile.TemporaryDirectory()


def champion(client: MlflowClient, name: str) -> ModelVersion:
    """Return the version to which the alias champion points."""
    try:
        return client.get_model_version_by_alias(name, "champion")
    except MlflowException as error:
        if server_is_away(error):
            raise
        sys.exit(
            f"models:/{name}@champion leads to no version: {error.message}\n"
            "Everybody loads the model from this address, so it must work."
        )


def run_named(client: MlflowClient, experiment_name: str, run_name: str) -> Run:
    """Return the run of this name that the setup of the drill has created."""
    experiment = client.get_experiment_by_name(experiment_name)
    ids = [experiment.experiment_id] if experiment else []
    # The learner's runs may have the same name, and are newer. An earlier start of the drill has left deleted ones.
    for view, order in ((ViewType.ACTIVE_ONLY, "ASC"), (ViewType.DELETED_ONLY, "DESC")):
        runs = client.search_runs(
            ids,
            f"attributes.run_name = '{run_name}'",
            view,
            max_results=1,
            order_by=[f"attributes.start_time {order}"],
        )
        if runs:
            return runs[0]
    sys.exit(
        f"The run {run_name} does not exist any more. Begin the drill again: "
        f"lab drill {experiment_name.removeprefix('drill_')}"
    )


def download(version: ModelVersion) -> str:
    """Download the files of a version, and return their folder."""
    try:
        return mlflow.artifacts.download_artifacts(
            f"models:/{version.name}/{version.version}",
            dst_path=os.path.join(scratch.name, version.name, version.version),  # noqa: PTH118
        )
    except MlflowException as error:
        if server_is_away(error):
            raise
        sys.exit(f"The files of {label(version)} cannot be downloaded: {shorten(str(error), 200)}")


def load(version: ModelVersion, remark: str = "") -> PyFuncModel:
    """Load a version as a caller does. The message about a version that does not load ends with the remark."""
    folder = download(version)
    try:
        return mlflow.pyfunc.load_model(folder)
    # The learner's code may end the process.
    except (Exception, SystemExit) as error:
        sys.exit(f"{label(version)} cannot be loaded: {error_with_type(error)}{remark}")


def answers(model: PyFuncModel, version: ModelVersion, rows: pd.DataFrame) -> np.ndarray:
    """Return the answers of a model to rows in the agreed form."""
    try:
        return np.ravel(model.predict(rows))
    except (Exception, SystemExit) as error:
        sys.exit(
            f"{label(version)} gives no answer to rows in the agreed form: {error_with_type(error)}"
        )


def accuracy(model: PyFuncModel, version: ModelVersion, rows: pd.DataFrame) -> float:
    """Return which part of the rows the model names correctly; they have the column species."""
    given = answers(model, version, rows.drop(columns="species"))
    return float((given == rows["species"].to_numpy()).mean()) if len(given) == len(rows) else 0.0


def label(version: ModelVersion) -> str:
    """Return what messages call the version."""
    return f"models:/{version.name}@champion (version {version.version})"


def require_columns(model: PyFuncModel, version: ModelVersion, rows: pd.DataFrame) -> None:
    """Stop if MLflow does not refuse rows that lack a column."""
    if model.metadata.signature is None:
        sys.exit(
            f"{label(version)} has no signature, so MLflow refuses nothing.\n"
            "Log the model with the signature that was agreed."
        )
    for name in rows.columns:
        try:
            model.predict(rows.drop(columns=name))
        except (Exception, SystemExit) as error:
            if isinstance(error, MlflowException) and "Failed to enforce schema" in str(error):
                continue
            sys.exit(
                f"{label(version)} gets rows without the column {name!r}, and fails with "
                f"{error_with_type(error)}\nMLflow must refuse such rows: the signature must name all columns."
            )
        sys.exit(
            f"{label(version)} answers rows that lack the column {name!r}.\n"
            "MLflow must refuse such rows: the signature must require all columns."
        )
