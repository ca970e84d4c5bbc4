"""The steps that the checks of several drills share. Each function stops the check if something is still wrong."""

import sys
import tempfile
from pathlib import Path
from textwrap import shorten

import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Run, ViewType
from mlflow.exceptions import MlflowException
from mlflow.pyfunc import PyFuncModel

from lab.checks.model import error_with_type, load_or_stop
from lab.checks.registry import Champion, server_is_away
from lab.drill import PREFIX

# The folder of the downloaded models. It is deleted when the check ends.
scratch = tempfile.TemporaryDirectory()


def find_champion(client: MlflowClient, name: str) -> Champion:
    """Return the version that has the alias champion."""
    try:
        return Champion(client.get_model_version_by_alias(name, "champion"))
    except MlflowException as error:
        if server_is_away(error):
            raise
        sys.exit(
            f"models:/{name}@champion leads to no version: {error.message}\n"
            "All users load the model from this address, so it must work."
        )


def run_named(client: MlflowClient, experiment_name: str, run_name: str) -> Run:
    """Return the run of this name that the setup of the drill created."""
    experiment = client.get_experiment_by_name(experiment_name)
    ids = [experiment.experiment_id] if experiment else []
    # A run of the learner may have the same name, but it is newer. Deleted runs of this name may come from earlier
    # starts of the drill, so the newest one counts.
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
        f"lab drill {experiment_name.removeprefix(PREFIX)}"
    )


def download(champion: Champion) -> str:
    """Return the folder with the files of the champion. Download them at the first call."""
    version = champion.version
    folder = Path(scratch.name, version.name, version.version)
    # MLflow downloads the files again at each call.
    if folder.exists():
        return str(folder)
    try:
        return mlflow.artifacts.download_artifacts(
            f"models:/{version.name}/{version.version}", dst_path=str(folder)
        )
    except MlflowException as error:
        if server_is_away(error):
            raise
        sys.exit(f"The files of {champion} cannot be downloaded: {shorten(str(error), 200)}")


def load(champion: Champion, remark: str = "") -> PyFuncModel:
    """Load the champion as a user does. If this fails, the message ends with the remark."""
    return load_or_stop(download(champion), champion, remark)


def predictions(model: PyFuncModel, champion: Champion, rows: pd.DataFrame) -> np.ndarray:
    """Return the predictions for rows that have all columns."""
    try:
        return np.ravel(model.predict(rows))
    except (Exception, SystemExit) as error:
        sys.exit(
            f"{champion} fails to predict for rows that have all columns: {error_with_type(error)}"
        )


def accuracy(model: PyFuncModel, champion: Champion, rows: pd.DataFrame) -> float:
    """Return the share of correct predictions. The rows have the column species."""
    predicted = predictions(model, champion, rows.drop(columns="species"))
    if len(predicted) != len(rows):
        return 0.0
    return float((predicted == rows["species"].to_numpy()).mean())


def require_accuracy(
    model: PyFuncModel, champion: Champion, heldout: pd.DataFrame, minimum: float, demand: str
) -> float:
    """Return the accuracy on the held-out rows. Stop with a message that ends with the demand if it is too low."""
    reached = accuracy(model, champion, heldout)
    if reached < minimum:
        sys.exit(
            f"{champion} predicts the species correctly for only {reached:.0%} of the held-out rows.\n{demand}"
        )
    return reached


def require_columns(model: PyFuncModel, champion: Champion, rows: pd.DataFrame) -> None:
    """Stop if MLflow does not refuse rows that lack a column."""
    if model.metadata.signature is None:
        sys.exit(
            f"{champion} has no signature, so MLflow cannot refuse wrong rows.\n"
            "Log the model with a signature that names the four columns."
        )
    for column in rows.columns:
        try:
            model.predict(rows.drop(columns=column))
        except (Exception, SystemExit) as error:
            if isinstance(error, MlflowException) and "Failed to enforce schema" in str(error):
                continue
            sys.exit(
                f"MLflow lets {champion} predict for rows without the column {column!r}. The model fails: "
                f"{error_with_type(error)}\nMLflow must refuse such rows, so the signature must require all columns."
            )
        sys.exit(
            f"{champion} predicts for rows without the column {column!r}.\n"
            "MLflow must refuse such rows, so the signature must require all columns."
        )
