"""What a script changed on the server: runs, rows in the database, objects in the store, aliases and stages."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy

from lab import store


@dataclass(frozen=True)
class Snapshot:
    """The state of MLflow's database at one moment."""

    # The number of rows, by table.
    rows: dict[str, int]
    # The name and the status of each run, by id.
    runs: dict[str, str]
    # Where the files of each run and each logged model are, by id.
    locations: dict[str, str]
    # The version of each alias, such as iris_clf@champion.
    aliases: dict[str, str]
    # The stage of each version, such as iris_clf version 2.
    stages: dict[str, str]


def snapshot() -> Snapshot:
    """Return the state of the database now. Raises sqlalchemy.exc.SQLAlchemyError if it cannot be read."""
    with store.engine().connect() as connection:
        tables = sqlalchemy.inspect(connection).get_table_names()

        def query(text: str) -> list[tuple[Any, ...]]:
            return [tuple(row) for row in connection.execute(sqlalchemy.text(text))]

        runs = query("SELECT run_uuid, name, status, artifact_uri FROM runs")
        models = query("SELECT model_id, artifact_location FROM logged_models")
        aliases = query("SELECT name, alias, version FROM registered_model_aliases")
        stages = query("SELECT name, version, current_stage FROM model_versions")
        return Snapshot(
            rows={table: query(f'SELECT count(*) FROM "{table}"')[0][0] for table in tables},  # noqa: S608
            runs={run: f"{name}, {status}" for run, name, status, _ in runs},
            locations={run: place for run, _, _, place in runs}
            | {id: place for id, place in models},
            aliases={f"{name}@{alias}": str(version) for name, alias, version in aliases},
            stages={f"{name} version {version}": stage for name, version, stage in stages},
        )


def changes(before: Snapshot, after: Snapshot) -> Iterator[tuple[str, str]]:
    """Yield what changed, as pairs of a label and a text. A script that changed nothing yields nothing."""
    new_runs = [after.runs[run] for run in after.runs if run not in before.runs]
    if new_runs:
        yield f"+{len(new_runs)} run{'s' if len(new_runs) > 1 else ''}", "; ".join(new_runs)
    counts = {table: count - before.rows.get(table, 0) for table, count in after.rows.items()}
    rows = ", ".join(f"{count:+} {table}" for table, count in sorted(counts.items()) if count)
    if rows:
        yield "rows", rows
    new = [place for key, place in after.locations.items() if key not in before.locations]
    if objects := [item for place in new for item in store.objects_at(place)]:
        size = sum(item.size for item in objects)
        yield "objects", f"+{len(objects)}, {size:,} bytes"
    for label, old, now in (
        ("alias", before.aliases, after.aliases),
        ("stage", before.stages, after.stages),
    ):
        for name in sorted(old.keys() | now.keys()):
            if old.get(name, "None") != now.get(name, "None"):
                yield label, f"{name} {old.get(name, 'none')} → {now.get(name, 'none')}"
