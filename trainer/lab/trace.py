"""How MLflow finds a model: how it resolves the address, the rows in the database, the objects in the store."""

import yaml
from mlflow.models import Model
from rich.console import Console
from rich.markup import escape

from lab import store
from lab.models import Resolved, model_file, resolve

# The tables and columns to show.
LOGGED_MODEL_TABLES = {
    "logged_models": ["model_id", "name", "experiment_id", "source_run_id", "artifact_location"],
    "logged_model_params": ["param_key", "param_value"],
    "logged_model_metrics": ["metric_name", "metric_value", "dataset_name", "dataset_digest"],
}
RUN_TABLES = {
    "runs": ["run_uuid", "name", "status", "user_id"],
    "params": ["key", "value"],
    "latest_metrics": ["key", "value"],
}


def database_rows(resolved: Resolved) -> dict[str, list[dict[str, object]]]:
    """Return the database's rows about a model, by table."""
    rows: dict[str, list[dict[str, object]]] = {}
    with store.engine().connect() as connection:
        if version := resolved.version:
            rows["model_versions"] = store.rows(
                connection,
                "model_versions",
                ["name", "version", "current_stage", "source", "status"],
                name=version.name,
                version=version.version,
            )
            rows["registered_model_aliases"] = store.rows(
                connection, "registered_model_aliases", ["alias", "version"], name=version.name
            )
        if model := resolved.logged_model:
            for table, columns in LOGGED_MODEL_TABLES.items():
                rows[table] = store.rows(connection, table, columns, model_id=model.model_id)
        if run := resolved.run:
            for table, columns in RUN_TABLES.items():
                rows[table] = store.rows(connection, table, columns, run_uuid=run.info.run_id)
    return rows


def trace(uri: str, console: Console) -> None:
    """Print how MLflow finds the model at an address. Raises LabError if the address leads nowhere."""
    resolved = resolve(uri)
    heading(console, "How MLflow resolves the address")
    line(console, uri)
    for step in resolved.steps:
        line(console, f"→ {step}")
    heading(console, "Rows in the database")
    for table, rows in database_rows(resolved).items():
        for row in rows:
            values = ", ".join(f"{name}={value}" for name, value in row.items())
            line(console, f"{table}: {values}")
    heading(console, "Objects in the store")
    objects = store.objects_at(resolved.location)
    for item in objects:
        line(console, f"{item.size:>9} bytes  md5 {item.md5}  {item.key}")
    line(console, f"{sum(item.size for item in objects):>9} bytes in {len(objects)} objects")
    heading(console, "In the model's file MLmodel")
    info = Model.from_dict(yaml.safe_load(model_file(resolved, "MLmodel")))
    line(console, f"flavors: {', '.join(info.flavors)}")
    line(console, f"signature, inputs:  {info.signature.inputs if info.signature else 'none'}")
    line(console, f"signature, outputs: {info.signature.outputs if info.signature else 'none'}")
    requirements = model_file(resolved, "requirements.txt").splitlines()
    line(console, f"requirements: {', '.join(requirements)}")


def heading(console: Console, text: str) -> None:
    """Print a heading."""
    console.print(f"[bold]{escape(text)}[/bold]")


def line(console: Console, text: str) -> None:
    """Print a line without wrapping it, so that ids can be copied."""
    console.print(f"  {escape(text)}", soft_wrap=True)
