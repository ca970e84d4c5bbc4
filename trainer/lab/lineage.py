"""Where a model comes from: who trained it, when, on which data, from which code, with which packages."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

import mlflow
from mlflow.entities import Run
from mlflow.entities.model_registry import ModelVersion

from lab.errors import LabError
from lab.lessons import lab_root
from lab.models import Resolved, model_file, resolve, versions_of

COMMIT, DIRTY = "mlflow.source.git.commit", "mlflow.source.git.dirty"


def lineage(uri: str) -> list[tuple[str, str]]:
    """Return what MLflow knows about a model's origin, as pairs of a label and a text.

    Raises LabError if the address leads nowhere.
    """
    resolved = resolve(uri)
    facts = [("model", resolved.steps[-1] if resolved.steps else resolved.location)]
    if resolved.run is None:
        facts.append(
            ("run", "none. Only a run would record who trained the model, when, and on which data")
        )
    else:
        facts += facts_of_run(resolved.run)
    facts += list(packages(resolved))
    facts += list(neighbours(resolved))
    if resolved.run is not None and (command := reproduction(uri, resolved.run)):
        facts.append(("reproduce", command))
    return facts


def facts_of_run(run: Run) -> list[tuple[str, str]]:
    """Return who ran a run, when, with which data, code, parameters and metrics."""
    tags = run.data.tags
    started = datetime.fromtimestamp(run.info.start_time / 1000, tz=UTC)
    deleted = " (deleted)" if run.info.lifecycle_stage == "deleted" else ""
    datasets = [
        f"{used.dataset.name} {used.dataset.digest}"
        + "".join(f" ({tag.value})" for tag in used.tags if tag.key == "mlflow.data.context")
        for used in (run.inputs.dataset_inputs if run.inputs else [])
    ]
    changes = {
        "true": "with changes that were not committed",
        "false": "without uncommitted changes",
    }.get(tags.get(DIRTY, ""), "uncommitted changes were not recorded")
    code = f"commit {tags[COMMIT]}, {changes}" if COMMIT in tags else "no commit was recorded"
    return [
        ("run", f"{run.info.run_id} {run.info.run_name}, {run.info.status}{deleted}"),
        ("who", tags.get("mlflow.user", run.info.user_id or "not recorded")),
        ("when", f"{started:%Y-%m-%d %H:%M:%S} UTC"),
        ("data", "; ".join(datasets) or "not recorded"),
        ("script", tags.get("mlflow.source.name", "not recorded")),
        ("code", code),
        ("parameters", pairs(run.data.params)),
        ("metrics", pairs(run.data.metrics)),
    ]


def pairs(values: Mapping[str, object]) -> str:
    """Return name=value pairs, sorted by name."""
    return ", ".join(f"{name}={value}" for name, value in sorted(values.items())) or "none"


def packages(resolved: Resolved) -> Iterator[tuple[str, str]]:
    """Yield the packages that the model needs, each compared with the version installed here."""
    try:
        text = model_file(resolved, "requirements.txt")
    except LabError:
        yield "package", "unknown, because the model's files were deleted from the store"
        return
    for name, pinned in re.findall(r"^([\w.-]+)(?:==([^\s;]+))?", text, flags=re.MULTILINE):
        try:
            installed = version(name)
        except PackageNotFoundError:
            installed = "not installed"
        comparison = "the same as here" if installed == pinned else f"here: {installed}"
        yield "package", f"{name} {pinned or '(any version)'}, {comparison}"


def neighbours(resolved: Resolved) -> Iterator[tuple[str, str]]:
    """Yield the registered versions of this model, each with the previous and the next version, and with its tags."""
    versions = [resolved.version] if resolved.version else registered_as(resolved)
    for model_version in versions:
        name, number = model_version.name, int(model_version.version)
        numbers = [int(v.version) for v in versions_of(name)]
        before = max((n for n in numbers if n < number), default=None)
        after = min((n for n in numbers if n > number), default=None)
        all_aliases = mlflow.MlflowClient().get_registered_model(name).aliases
        aliases = "".join(f" @{alias}" for alias, n in all_aliases.items() if int(n) == number)
        yield (
            "registered",
            f"{name} version {number} (stage {model_version.current_stage}{aliases}); "
            f"previous version: {before or 'none'}, next version: {after or 'none'}",
        )
        yield "tags", f"of version {number}: {pairs(model_version.tags)}"


def registered_as(resolved: Resolved) -> list[ModelVersion]:
    """Return the registered versions of this logged model."""
    if resolved.logged_model is None or resolved.run is None:
        return []
    candidates = mlflow.MlflowClient().search_model_versions(
        f"run_id = '{resolved.run.info.run_id}'"
    )
    return [v for v in candidates if v.source == f"models:/{resolved.logged_model.model_id}"]


def reproduction(uri: str, run: Run) -> str | None:
    """Return the command that reproduces the run, or None if the run belongs to no lesson that has such a program."""
    # A lesson's experiment has the name of the lesson.
    experiment = mlflow.get_experiment(run.info.experiment_id).name
    script = f"examples/{experiment}/reproduce_run.py"
    if not (lab_root() / script).exists():
        return None
    return f'MODEL_URI="{uri}" python {script}'
