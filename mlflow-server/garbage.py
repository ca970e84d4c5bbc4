"""Delete for good what somebody has deleted, except files that a version of a registered model needs.

    python garbage.py list             print what can be deleted, and which versions keep their files
    python garbage.py delete <FILE     delete what `list` has printed to FILE, and print the sizes before and now

Both print JSON. `mlflow gc` does not look at versions. If an experiment is deleted, it leaves the files of the
experiment's logged models in the store. So this program chooses what can be deleted, and then calls the methods that
`mlflow gc` calls. It deletes files through the server, so the server has to run. It reads the server's variables, and
MLFLOW_TRACKING_URI.
"""

import json
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import sqlalchemy
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

URI = os.environ["MLFLOW_BACKEND_STORE_URI"]
DESTINATION = os.environ["MLFLOW_ARTIFACTS_DESTINATION"]
SCHEME = "mlflow-artifacts:/"
RUNS = """SELECT run_uuid, artifact_uri, experiment_id, run_uuid FROM runs
    WHERE lifecycle_stage = 'deleted'"""
# A deleted experiment's logged models are still active.
MODELS = """SELECT model_id, artifact_location, experiment_id, source_run_id FROM logged_models
    WHERE lifecycle_stage = 'deleted'
    OR experiment_id IN (SELECT experiment_id FROM experiments WHERE lifecycle_stage = 'deleted')"""
EXPERIMENTS = "SELECT experiment_id FROM experiments WHERE lifecycle_stage = 'deleted'"
# MLflow keeps the row of a deleted version and gives it this stage. The address of a version's files is its storage
# location or, if it has none, its source.
VERSIONS = """SELECT name, version, COALESCE(storage_location, source, '') AS address FROM model_versions
    WHERE current_stage <> 'Deleted_Internal' ORDER BY name, version"""


@dataclass(frozen=True)
class Item:
    """A run or a logged model: its id, the address of its files, its experiment, and the run that created it."""

    id: str
    location: str
    experiment: int
    run: str | None

    def is_needed_at(self, address: str) -> bool:
        """Tell whether a version with this address needs the files of this item."""
        is_below = f"{address.rstrip('/')}/".startswith(f"{self.location.rstrip('/')}/")
        # An address can also name a run or a logged model, as in runs:/RUN/PATH and models:/MODEL. The path in a run
        # can be the name of a logged model that the run created.
        scheme, _, path = address.partition(":/")
        owner = path.lstrip("/").partition("/")[0]
        return is_below or (scheme, owner) in {("runs", self.run), ("models", self.id)}


@dataclass(frozen=True)
class Garbage:
    """What can be deleted, and the versions whose files are kept although their run or logged model was deleted."""

    runs: list[Item]
    models: list[Item]
    experiments: list[int]
    keeping: list[str]


def garbage(engine: sqlalchemy.Engine) -> Garbage:
    """Return what can be deleted."""
    with engine.connect() as connection:

        def rows(query: str) -> list[Any]:
            return list(connection.execute(sqlalchemy.text(query)))

        versions = rows(VERSIONS)
        runs, models = ([Item(*row) for row in rows(query)] for query in (RUNS, MODELS))
        experiments = [row.experiment_id for row in rows(EXPERIMENTS)]
    kept: set[Item] = set()
    keeping = []
    for version in versions:
        needed = [item for item in runs + models if item.is_needed_at(version.address)]
        kept.update(needed)
        keeping += [f"models:/{version.name}/{version.version}"] if needed else []
    return Garbage(
        [run for run in runs if run not in kept],
        [model for model in models if model not in kept],
        # MLflow would delete the row of a kept logged model together with the experiment.
        [number for number in experiments if number not in {item.experiment for item in kept}],
        keeping,
    )


def file_sizes() -> dict[str, int]:
    """Return the size in bytes of every file in the store, by its path."""
    if not DESTINATION.startswith("s3://"):
        files = [path for path in Path(DESTINATION).rglob("*") if path.is_file()]
        return {str(file.relative_to(DESTINATION)): file.stat().st_size for file in files}
    import objects  # Its first lines read variables that only the stack's server has.

    return dict(objects.sizes())


def size_of(items: Iterable[Item], sizes: dict[str, int]) -> int:
    """Return how many bytes the files of these items have."""
    folders = tuple(f"{item.location.removeprefix(SCHEME).strip('/')}/" for item in items)
    return sum(size for path, size in sizes.items() if path.startswith(folders))


def database_size(engine: sqlalchemy.Engine) -> int:
    """Return the size of the database in bytes."""
    if engine.dialect.name == "sqlite":
        return Path(str(engine.url.database)).stat().st_size
    with engine.connect() as connection:
        query = sqlalchemy.text("SELECT pg_database_size(current_database())")
        return int(connection.execute(query).scalar_one())


def listing(garbage: Garbage) -> dict[str, Any]:
    """Return the ids of what can be deleted, the size of its files in bytes, and the versions whose files are kept."""
    return {
        "keeping": garbage.keeping,
        "experiments": garbage.experiments,
        "runs": [run.id for run in garbage.runs],
        "models": [model.id for model in garbage.models],
        "bytes": size_of(garbage.runs + garbage.models, file_sizes()),
    }


def among(garbage: Garbage, listed: dict[str, Any]) -> Garbage:
    """Return the part of the garbage that was listed earlier: somebody may have deleted more since then."""
    return Garbage(
        [run for run in garbage.runs if run.id in listed["runs"]],
        [model for model in garbage.models if model.id in listed["models"]],
        [number for number in garbage.experiments if number in listed["experiments"]],
        garbage.keeping,
    )


def delete(garbage: Garbage, engine: sqlalchemy.Engine) -> dict[str, list[int]]:
    """Delete files, then rows, so that a second call finds what an interrupted one left. Then shrink the database.

    Returns the size of all files and of the database in bytes, before and now.
    """
    files, rows = sum(file_sizes().values()), database_size(engine)
    store = SqlAlchemyStore(URI, SCHEME)
    for run in garbage.runs:
        get_artifact_repository(run.location).delete_artifacts()
        store._hard_delete_run(run.id)
    for model in garbage.models:
        get_artifact_repository(model.location).delete_artifacts()
        store._hard_delete_logged_model(model.id)
    for number in garbage.experiments:
        store._hard_delete_experiment(str(number))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        full = "" if engine.dialect.name == "sqlite" else "FULL"
        connection.execute(sqlalchemy.text(f"VACUUM {full}"))
    return {
        "files": [files, sum(file_sizes().values())],
        "database": [rows, database_size(engine)],
    }


if __name__ == "__main__":
    mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
    database = sqlalchemy.create_engine(URI)
    if sys.argv[1:] == ["list"]:
        print(json.dumps(listing(garbage(database))))
    elif sys.argv[1:] == ["delete"]:
        print(json.dumps(delete(among(garbage(database), json.load(sys.stdin)), database)))
    else:
        sys.exit(__doc__)
