"""What a check asks the server about: the learner's latest version, its alias, and runs that failed."""

import logging
import os
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import mlflow
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from lab import explain

# The exit status of a check that stopped because of an error, for example because the server did not answer. It is
# sysexits.h's number for a temporary failure.
COULD_NOT_JUDGE = 75


@dataclass(frozen=True)
class Champion:
    """The version of a registered model that has the alias champion."""

    version: ModelVersion

    @property
    def uri(self) -> str:
        """The address that a colleague would use."""
        return f"models:/{self.version.name}@champion"

    def __str__(self) -> str:
        """Return what messages call it."""
        return f"{self.uri} (version {self.version.version})"


def start_check() -> MlflowClient:
    """Prepare this process to judge a learner's model. Return a client of the lab's server."""
    # If the server does not run, say so at once. Nothing is lost: a check can be repeated.
    os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "1"
    # Without an address MLflow would quietly write to a file mlflow.db in this folder.
    mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
    # A check judges answers and errors. Warnings would stand in front of its message.
    warnings.simplefilter("ignore")
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    # A colleague who loads the model does not have the modules in the check's folder.
    sys.path[:] = [entry for entry in sys.path if not Path(entry, "check.py").exists()]
    sys.excepthook = end_without_a_verdict
    return MlflowClient()


def end_without_a_verdict(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    """Explain an error that the learner did not cause. The exit status differs from the status of sys.exit(message)."""
    explain.hook(kind, error, traceback)
    sys.exit(COULD_NOT_JUDGE)


def latest_champion(client: MlflowClient, name: str, run_it: str) -> Champion:
    """Return the latest version of a registered model. Stop if it does not have the alias champion."""
    registered = client.search_registered_models(f"name = '{name}'")
    versions = registered[0].latest_versions if registered else []
    if not versions:
        sys.exit(f"There is no version of {name}. Run your exercise first: {run_it}")
    latest = max(versions, key=lambda version: int(version.version))
    number = registered[0].aliases.get("champion")
    if number != latest.version:
        sys.exit(
            f"The alias champion is on {f'version {number}' if number else 'no version'}, expected "
            f"on version {latest.version}, the latest of {name}.\n"
            f"Let your script set it on the version that it has just registered: {run_it}"
        )
    return Champion(latest)


def stop_if_a_later_run_failed(
    client: MlflowClient, experiment_name: str, version: ModelVersion, run_it: str
) -> None:
    """Stop if a run of the experiment failed after `version` was registered."""
    experiment = client.get_experiment_by_name(experiment_name)
    failed_runs = experiment and client.search_runs(
        [experiment.experiment_id],
        "attributes.status = 'FAILED'",
        order_by=["attributes.start_time DESC"],
        max_results=1,
    )
    if failed_runs and failed_runs[0].info.start_time > version.creation_timestamp:
        sys.exit(
            f"Your latest run, {failed_runs[0].info.run_name}, failed; version {version.version} "
            f"is older.\nCorrect what it said, and run it again: {run_it}"
        )


def download(champion: Champion, folder: str, run_it: str) -> str:
    """Download the model's files to `folder`. Return where they are.

    After this, only the model itself can fail, not the server.
    """
    try:
        return mlflow.artifacts.download_artifacts(champion.uri, dst_path=folder)
    except MlflowException as error:
        # The server says that there is no such thing. The learner cannot fix anything else.
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise
        sys.exit(f"{champion} was there a moment ago and is gone: {error}\nMake it again: {run_it}")


def server_is_away(error: BaseException) -> bool:
    """Tell whether the server caused the error, so that it says nothing about the learner's model."""
    return "API request to" in str(error)
