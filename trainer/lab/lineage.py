"""Where a model comes from: who, when, on which data, from which code, with which packages."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

import mlflow
from mlflow.entities import Run

from lab.errors import LabError
from lab.lessons import lab_root
from lab.models import Resolved, model_file, resolve, versions_of

COMMIT, DIRTY = "mlflow.source.git.commit", "mlflow.source.git.dirty"


def lineage(uri: str) -> list[tuple[str, str]]:
    """Return what is known of a model's origin, as pairs of a label and a text.

    Raises LabError if the URI leads nowhere.
    """
    found = resolve(uri)
    facts = [("model", found.steps[-1] if found.steps else found.location)]
    if found.run is None:
        facts.append(
            ("run", "none (any more): who trained it, and on what, was recorded with the run only")
        )
    else:
        facts += of_run(found.run)
    facts += list(packages(found))
    facts += list(neighbours(found))
    if found.run is not None:
        facts.append(("reproduce", reproduction(found)))
    return facts


def of_run(run: Run) -> list[tuple[str, str]]:
    """Return who ran it, when, on which data and code, with which settings and results."""
    tags = run.data.tags
    started = datetime.fromtimestamp(run.info.start_time / 1000, tz=UTC)
    deleted = " (deleted)" if run.info.lifecycle_stage == "deleted" else ""
    datasets = [
        f"{used.dataset.name} {used.dataset.digest}"
        + "".join(f" ({tag.value})" for tag in used.tags if tag.key == "mlflow.data.context")
        for used in run.inputs.dataset_inputs
    ]
    tree = {"true": "the tree had changes", "false": "the tree was clean"}.get(
        tags.get(DIRTY), "tree not recorded"
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


def pairs(values: dict[str, object]) -> str:
    """Return name=value pairs in order."""
    return ", ".join(f"{name}={value}" for name, value in sorted(values.items())) or "none"


def packages(found: Resolved) -> Iterator[tuple[str, str]]:
    """Yield the packages that the model asks for, against those installed here."""
    try:
        text = model_file(found, "requirements.txt")
    except LabError:
        yield "package", "not known: the model's files are gone from the store"
        return
    for name, wanted in re.findall(r"^([\w.-]+)(?:==([^\s;]+))?", text, flags=re.MULTILINE):
        try:
            here = version(name)
        except PackageNotFoundError:
            here = "not installed"
        same = "the same here" if here == wanted else f"here {here}"
        yield "package", f"{name} {wanted or '(any version)'}, {same}"


def neighbours(found: Resolved) -> Iterator[tuple[str, str]]:
    """Yield the registered versions that are this model, each with the versions before and after it."""
    versions = [found.version] if found.version else registered_as(found)
    for this in versions:
        numbers = [int(v.version) for v in versions_of(this.name)]
        before = max((n for n in numbers if n < int(this.version)), default=None)
        after = min((n for n in numbers if n > int(this.version)), default=None)
        aliases = mlflow.MlflowClient().get_registered_model(this.name).aliases
        here = "".join(f" @{alias}" for alias, number in aliases.items() if number == this.version)
        yield (
            "registered",
            f"{this.name} version {this.version} (stage {this.current_stage}{here}); "
            f"before it: {before or 'none'}, after it: {after or 'none'}",
        )


def registered_as(found: Resolved) -> list:
    """Return the registered versions whose source is this logged model."""
    if found.logged_model is None or found.run is None:
        return []
    candidates = mlflow.MlflowClient().search_model_versions(f"run_id = '{found.run.info.run_id}'")
    return [v for v in candidates if v.source == f"models:/{found.logged_model.model_id}"]


def reproduction(found: Resolved) -> str:
    """Return the command that reproduces the run, from the name of its experiment, which is its lesson's."""
    experiment = mlflow.get_experiment(found.run.info.experiment_id).name
    script = f"examples/{experiment}/reproduce_run.py"
    if not (lab_root() / script).exists():
        return f"no example for {experiment}; its script: {found.run.data.tags.get('mlflow.source.name', 'unknown')}"
    return f'MODEL_URI="{found.uri}" python {script}'
