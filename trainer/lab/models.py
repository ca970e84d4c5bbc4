"""From a model URI to what it means: the version, the logged model, the run, the place of its files."""

import re
from dataclasses import dataclass, field

import mlflow
from mlflow.entities import LoggedModel, Run
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from lab.errors import LabError

FORMS = (
    "models:/<name>/<version>, models:/<name>/<stage>, models:/<name>/latest, models:/<name>@<alias>, "
    "models:/m-<id> or runs:/<run id>/<name>"
)
# What the server answers where the URI, and not the set-up, is at fault.
USER_CODES = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


@dataclass
class Resolved:
    """What a model URI leads to; `steps` tells how, in words. What there is none of is None."""

    uri: str
    steps: list[str] = field(default_factory=list)
    version: ModelVersion | None = None
    logged_model: LoggedModel | None = None
    run: Run | None = None
    location: str = ""


def resolve(uri: str) -> Resolved:
    """Follow a model URI to its files.

    Raises LabError, which names what there is instead, if it leads nowhere.
    """
    found = Resolved(uri)
    try:
        if match := re.fullmatch(r"runs:/(\w+)/(.+)", uri):
            from_run(found, *match.groups())
        elif match := re.fullmatch(r"models:/(m-\w+)", uri):
            from_logged_model(found, match[1])
        elif match := re.fullmatch(r"models:/([^/@:]+)(?:/([^/@:]+)|@([^/@:]+))", uri):
            from_registry(found, *match.groups())
        else:
            raise LabError(f"{uri!r} is no model URI. Use {FORMS}.")
    except MlflowException as error:
        if error.error_code not in USER_CODES:
            raise
        raise LabError(f"{uri}: {error.message}\n{what_there_is()}") from None
    return found


def what_there_is() -> str:
    """Return a sentence that lists the registered models with their versions and aliases."""
    known = []
    for model in mlflow.MlflowClient().search_registered_models(max_results=20):
        versions = mlflow.MlflowClient().search_model_versions(f"name = '{model.name}'")
        numbers = ", ".join(sorted((v.version for v in versions), key=int)) or "no version"
        aliases = "".join(
            f" @{alias}" for alias in mlflow.MlflowClient().get_registered_model(model.name).aliases
        )
        known.append(f"{model.name} ({numbers}{aliases})")
    return f"Registered: {'; '.join(known) or 'nothing yet, run a lesson first'}."


def from_registry(found: Resolved, name: str, wanted: str | None, alias: str | None) -> None:
    """Follow a registered model's name and version, stage or alias."""
    client = mlflow.MlflowClient()
    if alias:
        found.version = client.get_model_version_by_alias(name, alias)
        found.steps.append(f"alias {alias} of {name} is version {found.version.version}")
    elif wanted.isdigit():
        found.version = next((v for v in versions_of(name) if v.version == wanted), None)
    else:
        latest = wanted.lower() == "latest"
        matching = (
            v for v in versions_of(name) if latest or v.current_stage.lower() == wanted.lower()
        )
        found.version = next(matching, None)
        if found.version:
            means = "the latest version" if latest else f"the latest version in stage {wanted}"
            found.steps.append(f"{means} of {name} is version {found.version.version}")
    if found.version is None:
        raise LabError(f"{found.uri}: {name} has no such version or stage.\n{what_there_is()}")
    source = found.version.source
    found.steps.append(f"version {found.version.version} of {name} has the source {source}")
    if match := re.fullmatch(r"models:/(m-\w+)", source):
        from_logged_model(found, match[1])
    else:
        # Registered from files, or by an MLflow that kept models among the run's artifacts.
        found.location = source
        found.run = get_run(found.version.run_id)


def versions_of(name: str) -> list[ModelVersion]:
    """Return the versions of a registered model, the newest first."""
    client = mlflow.MlflowClient()
    client.get_registered_model(name)  # The search alone would answer an unknown name with nothing.
    return sorted(client.search_model_versions(f"name = '{name}'"), key=lambda v: -int(v.version))


def from_logged_model(found: Resolved, model_id: str) -> None:
    """Follow a logged model's id."""
    found.logged_model = mlflow.get_logged_model(model_id)
    found.location = found.logged_model.artifact_location
    found.steps.append(f"logged model {model_id} lies at {found.location}")
    found.run = get_run(found.logged_model.source_run_id)
    whose = f"run {found.run.info.run_id}" if found.run else "no run, it was logged outside of one"
    found.steps.append(f"logged model {model_id} comes from {whose}")


def from_run(found: Resolved, run_id: str, name: str) -> None:
    """Follow a run's id and the name under which it logged a model."""
    found.run = mlflow.get_run(run_id)
    logged = mlflow.search_logged_models(
        [found.run.info.experiment_id], f"source_run_id = '{run_id}'", output_format="list"
    )
    # Of several with one name MLflow loads the first that this search finds.
    names = {model.name: model for model in reversed(logged)}
    if name not in names:
        raise LabError(
            f"{found.uri}: this run logged no model of that name; it logged: {', '.join(names) or 'none'}."
        )
    found.steps.append(f"{name} of run {run_id} is logged model {names[name].model_id}")
    from_logged_model(found, names[name].model_id)


def model_file(found: Resolved, name: str) -> str:
    """Return the text of one of the model's files. Raises LabError if the store does not have it (any more)."""
    try:
        return mlflow.artifacts.load_text(f"{found.location}/{name}")
    except (MlflowException, OSError) as error:
        if "API request to" in str(error):
            raise
        raise LabError(
            f"{found.uri} leads to {found.location}, but {name} is not there: the model's files are gone. "
            "lab lineage and the registry may still tell which run to do again."
        ) from None


def get_run(run_id: str | None) -> Run | None:
    """Return the run, or None where there is none (any more)."""
    try:
        return mlflow.get_run(run_id) if run_id else None
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise
