"""Stop with one clear message when the database belongs to another version of MLflow.

MLflow itself answers an older schema with a warning lost in a traceback, and a newer one with
"Can't locate revision identified by …". Reads MLFLOW_BACKEND_STORE_URI; an empty database passes,
MLflow makes its tables itself.
"""

import os
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import sqlalchemy
from alembic.script import ScriptDirectory
from alembic.util import CommandError


def problem(uri: str) -> str | None:
    """Return what is wrong with the schema of the database at `uri`, with the remedy, or None."""
    # Found without importing MLflow, which takes seconds.
    package = Path(find_spec("mlflow").submodule_search_locations[0])
    scripts = ScriptDirectory(str(package / "store" / "db_migrations"))
    expected = scripts.get_current_head()
    engine = sqlalchemy.create_engine(uri)
    if not sqlalchemy.inspect(engine).has_table("alembic_version"):
        return None
    with engine.connect() as connection:
        found = connection.scalar(sqlalchemy.text("SELECT version_num FROM alembic_version"))
    engine.dispose()
    if found == expected:
        return None
    this = f"MLflow {version('mlflow')}"
    try:
        scripts.get_revision(found)
    except CommandError:
        return (
            f"The database was written by a newer MLflow than this one ({this}): its schema is {found}, "
            f"unknown here. Run the lab's version that wrote it, or give this one an empty database: "
            f"`make delete-data` (it asks first)."
        )
    return (
        f"The database was written by an older MLflow: its schema is {found}, {this} needs {expected}. "
        f"Make a copy of the database, then upgrade it: `make upgrade-database`."
    )


if __name__ == "__main__":
    if message := problem(os.environ["MLFLOW_BACKEND_STORE_URI"]):
        sys.exit(message)
