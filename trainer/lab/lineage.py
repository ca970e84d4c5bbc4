"""Where a model comes from: who, when, on which data, from which code, with which packages."""

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
    """Return what is known of a model's origin, as pairs of a label and a text.

    Raises LabError if the URI leads nowhere.
    """
    resolved = resolve(uri)
    facts = [("model", resolved.steps[-1] if resolved.steps else resolved.location)]
    if resolved.run is None:
        facts.append(
            ("run", "none (any more): who trained it, and on what, was recorded with the run only")
        )
    else:
        facts += of_run(resolved.run)
    facts += list(packages(resolved))
    facts += list(neighbours(resolved))
    if resolved.run is not None:
        facts.append(("reproduce", reproduction(uri, resolved.run)))
    return facts


def of_run(run: Run) -> list[tuple[str, str]]:
    """Return who ran it, when, on which data and code, with which settings and results."""
    tags = run.data.tags
    started = datetime.fromtimestamp(run.info.start_time / 1000, tz=UTC)
    deleted = " (deleted)" if run.info.lifecycle_stage == "deleted" else ""
    datasets = [
        f"{used.dataset.name} {used.dataset.digest}"
        + "".join(f" ({tag.value})" for tag in used.tags if tag.key == "mlflow.data.context")
        for used in (run.inputs.dataset_inputs if run.inputs else [])
    ]
    tree = {"true": "the tree had changes", "false": "the tree was clean"}.get(
        tags.get(DIRTY, ""), "tree not recorded"
    )
    code = f"commit {tags[COMMIT]}, {tree}" if COMMIT in tags else "no commit recorded"
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
    """Return name=value pairs in order."""
    return ", ".join(f"{name}={value}" for name, value in sorted(values.items())) or "none"


def packages(resolved: Resolved) -> Iterator[tuple[str, str]]:
    """Yield the packages that the model asks for, against those installed here."""
    try:
        text = model_file(resolved, "requirements.txt")
    except LabError:
        yield "package", "not known: the model's files are gone from the store"
        return
    for name, pinned in re.findall(r"^([\w.-]+)(?:==([^\s;]+))?", text, flags=re.MULTILINE):
        try:
            installed = version(name)
        except PackageNotFoundError:
            installed = "not installed"
        comparison = "the same here" if installed == pinned else f"here {installed}"
        yield "package", f"{name} {pinned or '(any version)'}, {comparison}"


def neighbours(resolved: Resolved) -> Iterator[tuple[str, str]]:
    """Yield the registered versions that are this model, each with the versions before and after it."""
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
            f"before it: {before or 'none'}, after it: {after or 'none'}",
        )


def registered_as(resolved: Resolved) -> list[ModelVersion]:
    """Return the registered versions whose source is this logged model."""
    if resolved.logged_model is None or resolved.run is None:
        return []
    candidates = mlflow.MlflowClient().search_model_versions(
        f"run_id = '{resolved.run.info.run_id}'"
    )
    return [v for v in candidates if v.source == f"models:/{resolved.logged_model.model_id}"]


def reproduction(uri: str, run: Run) -> str:
    """Return the command that reproduces the run, from the name of its experiment, which is its lesson's."""
    experiment = mlflow.get_experiment(run.info.experiment_id).name
    script = f"examples/{experiment}/reproduce_run.py"
    if not (lab_root() / script).exists():
        return f"no example for {experiment}; its script: {run.data.tags.get('mlflow.source.name', 'unknown')}"
    return f'MODEL_URI="{uri}" python {script}'
