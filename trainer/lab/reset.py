"""Delete what one lesson created, and nothing else."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import mlflow
import requests
from mlflow.entities import Experiment, LoggedModel, Run
from mlflow.store.entities import PagedList
from mlflow.utils import get_results_from_paginated_fn

from lab.artifacts import address_of, path_of
from lab.errors import LabError
from lab.lessons import Lesson

T = TypeVar("T")
# How many results one request to the server asks for.
PAGE_SIZE = 100


@dataclass
class Leftovers:
    """What a lesson has created."""

    experiments: list[Experiment] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    logged_models: list[LoggedModel] = field(default_factory=list)
    registered_models: list[str] = field(default_factory=list)
    # Name and version, for registered models that also have versions from elsewhere.
    versions_of_shared_models: list[tuple[str, str]] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)

    def __str__(self) -> str:
        """Return how much there is, in words."""
        files = "".join(f" and the folder {folder}" for folder in self.folders)
        versions = (
            f", {len(self.versions_of_shared_models)} versions of other models"
            if self.versions_of_shared_models
            else ""
        )
        names = f" ({', '.join(self.registered_models)})" if self.registered_models else ""
        return (
            f"{len(self.runs)} runs, {len(self.logged_models)} logged models, "
            f"{len(self.registered_models)} registered models{names}{versions}{files}"
        )

    def __bool__(self) -> bool:
        """Tell whether there is anything."""
        return bool(
            self.runs
            or self.logged_models
            or self.registered_models
            or self.versions_of_shared_models
            or self.folders
        )


def find(lesson: Lesson) -> Leftovers:
    """Return what a lesson has created: everything in its experiments, and the versions registered from there."""
    return find_below(lesson.name, f"{lesson.name}_exercise")


def find_below(*names: str) -> Leftovers:
    """Return what is in the experiments and the output folders of these names, and the versions registered from there.

    A registered model of which all versions come from there is a part of it.
    """
    leftovers = Leftovers()
    client = mlflow.MlflowClient()
    output = Path(os.environ.get("LAB_OUTPUT", "output"))
    for name in names:
        if (output / name).exists():
            leftovers.folders.append(output / name)
        if experiment := client.get_experiment_by_name(name):
            leftovers.experiments.append(experiment)
    ids = [experiment.experiment_id for experiment in leftovers.experiments]
    if ids:
        leftovers.runs = all_pages(client.search_runs, ids)
        # Without max_results, this call reads every page itself.
        leftovers.logged_models = mlflow.search_logged_models(ids, output_format="list")
    sources = {f"models:/{model.model_id}" for model in leftovers.logged_models}
    runs = {run.info.run_id for run in leftovers.runs}
    for model in all_pages(client.search_registered_models):
        versions = all_pages(client.search_model_versions, f"name = '{model.name}'")
        ours = [v for v in versions if v.source in sources or v.run_id in runs]
        if ours and len(ours) == len(versions):
            leftovers.registered_models.append(model.name)
        else:
            leftovers.versions_of_shared_models += [(model.name, v.version) for v in ours]
    return leftovers


def all_pages(
    search: Callable[..., PagedList[T]], *arguments: object, **options: object
) -> list[T]:
    """Return the results of a client's search from all of its pages. A single call returns only one page."""
    results: list[T] = get_results_from_paginated_fn(
        lambda size, token: search(*arguments, **options, max_results=size, page_token=token),
        PAGE_SIZE,
    )
    return results


def remove(leftovers: Leftovers) -> None:
    """Delete what was found. Begin with the registry, so that no version points to deleted files.

    The experiments stay, empty. MLflow does not let anyone use the name of a deleted experiment again.
    """
    client = mlflow.MlflowClient()
    for name, version in leftovers.versions_of_shared_models:
        client.delete_model_version(name, version)
    for name in leftovers.registered_models:
        client.delete_registered_model(name)
    for model in leftovers.logged_models:
        delete_artifacts(model.artifact_location)
        client.delete_logged_model(model.model_id)
    for run in leftovers.runs:
        delete_artifacts(run.info.artifact_uri)
        client.delete_run(run.info.run_id)
    for folder in leftovers.folders:
        shutil.rmtree(folder)


def delete_artifacts(location: str) -> None:
    """Delete the files that the server stores at `location`. MLflow's own functions for deletion leave them."""
    if path := path_of(location):
        response = requests.delete(address_of(path), timeout=60)
        if not response.ok:
            raise LabError(
                f"The server did not delete {location} (status {response.status_code}). Fix what `lab doctor` "
                "reports, then type the same command again: it continues where it stopped."
            )
