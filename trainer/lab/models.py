"""What a model's address leads to: the version, the logged model, the run and the place of its files."""

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
# The server's error codes if the address is wrong. All others mean that something is wrong with the set-up.
USER_CODES = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


@dataclass
class Resolved:
    """What a model's address leads to, and in `steps` how, in words. A part that does not exist is None."""

    uri: str
    steps: list[str] = field(default_factory=list)
    version: ModelVersion | None = None
    logged_model: LoggedModel | None = None
    run: Run | None = None
    location: str = ""


def resolve(uri: str) -> Resolved:
    """Follow a model's address to the model's files.

    Raises LabError, which lists the models that exist, if it leads nowhere.
    """
    resolved = Resolved(uri)
    try:
        if match := re.fullmatch(r"runs:/(\w+)/(.+)", uri):
            from_run(resolved, *match.groups())
        elif match := re.fullmatch(r"models:/(m-\w+)", uri):
            from_logged_model(resolved, match[1])
        elif match := re.fullmatch(r"models:/([^/@:]+)(?:/([^/@:]+)|@([^/@:]+))", uri):
            from_registry(resolved, *match.groups(default=""))
        else:
            raise LabError(f"{uri!r} is not the address of a model. Use {FORMS}.")
    except MlflowException as error:
        if error.error_code not in USER_CODES:
            raise
        raise LabError(f"{uri}: {error.message}\n{registered_models()}") from None
    return resolved


def registered_models() -> str:
    """Return a sentence that lists the registered models, with their versions and aliases."""
    descriptions = []
    for model in mlflow.MlflowClient().search_registered_models(max_results=20):
        versions = mlflow.MlflowClient().search_model_versions(f"name = '{model.name}'")
        numbers = ", ".join(sorted((v.version for v in versions), key=int)) or "no version"
        aliases = "".join(
            f" @{alias}" for alias in mlflow.MlflowClient().get_registered_model(model.name).aliases
        )
        descriptions.append(f"{model.name} ({numbers}{aliases})")
    if not descriptions:
        return "No model is registered yet. Run a lesson first."
    return f"These models are registered: {'; '.join(descriptions)}."


def from_registry(resolved: Resolved, name: str, version_or_stage: str, alias: str) -> None:
    """Follow a registered model's name, and its version or stage, or its alias. One of the last two is empty."""
    client = mlflow.MlflowClient()
    if alias:
        resolved.version = client.get_model_version_by_alias(name, alias)
        resolved.steps.append(f"alias {alias} of {name} is version {resolved.version.version}")
    elif version_or_stage.isdigit():
        resolved.version = next(
            (v for v in versions_of(name) if v.version == version_or_stage), None
        )
    else:
        latest = version_or_stage.lower() == "latest"
        matching = (
            v
            for v in versions_of(name)
            if latest or (v.current_stage or "").lower() == version_or_stage.lower()
        )
        resolved.version = next(matching, None)
        if resolved.version:
            in_stage = "" if latest else f" in stage {version_or_stage}"
            resolved.steps.append(
                f"the latest version of {name}{in_stage} is version {resolved.version.version}"
            )
    if resolved.version is None:
        raise LabError(
            f"{resolved.uri}: {name} has no such version, and no version in such a stage.\n{registered_models()}"
        )
    source = resolved.version.source or ""
    resolved.steps.append(f"version {resolved.version.version} of {name} has the source {source}")
    # The source of a copy is another version. But both versions have the files of the same logged model.
    location = client.get_model_version_download_uri(name, resolved.version.version)
    if match := re.search(r"/models/(m-\w+)/artifacts$", location):
        from_logged_model(resolved, match[1])
    else:
        # It was registered from files, or by an older MLflow, which stored models among the run's artifacts.
        resolved.location = source
        resolved.run = get_run(resolved.version.run_id)


def versions_of(name: str) -> list[ModelVersion]:
    """Return the versions of a registered model, the newest first."""
    client = mlflow.MlflowClient()
    client.get_registered_model(name)  # For an unknown name, the search alone would find nothing.
    return sorted(client.search_model_versions(f"name = '{name}'"), key=lambda v: -int(v.version))


def from_logged_model(resolved: Resolved, model_id: str) -> None:
    """Follow a logged model's id."""
    resolved.logged_model = mlflow.get_logged_model(model_id)
    resolved.location = resolved.logged_model.artifact_location
    resolved.steps.append(f"logged model {model_id} is stored at {resolved.location}")
    run_id = resolved.logged_model.source_run_id
    resolved.run = get_run(run_id)
    if resolved.run:
        origin = f"was logged in run {run_id}"
    elif run_id:
        origin = f"was logged in run {run_id}, which no longer exists"
    else:
        origin = "was not logged in a run"
    resolved.steps.append(f"logged model {model_id} {origin}")


def from_run(resolved: Resolved, run_id: str, name: str) -> None:
    """Follow a run's id and the name under which it logged a model."""
    resolved.run = mlflow.get_run(run_id)
    logged = mlflow.search_logged_models(
        [resolved.run.info.experiment_id], f"source_run_id = '{run_id}'", output_format="list"
    )
    # If several models have the same name, MLflow loads the first one that this search finds.
    names = {model.name: model for model in reversed(logged)}
    if name not in names:
        raise LabError(
            f"{resolved.uri}: the run has logged no model of this name. It has logged: {', '.join(names) or 'none'}."
        )
    resolved.steps.append(f"{name} of run {run_id} is logged model {names[name].model_id}")
    from_logged_model(resolved, names[name].model_id)


def model_file(resolved: Resolved, name: str) -> str:
    """Return the text of one of the model's files. Raises LabError if the file does not exist."""
    try:
        return mlflow.artifacts.load_text(f"{resolved.location}/{name}")
    except (MlflowException, OSError) as error:
        if "API request to" in str(error):
            raise
        raise LabError(
            f"{resolved.uri} leads to {resolved.location}, but the file {name} does not exist there. "
            "Somebody has deleted the model's files. `lab lineage` may still show which run to reproduce."
        ) from None


def get_run(run_id: str | None) -> Run | None:
    """Return the run, or None if it does not exist."""
    try:
        return mlflow.get_run(run_id) if run_id else None
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise
