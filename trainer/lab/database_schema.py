"""Is the database's schema that of the MLflow installed here?

Both modes run this file before the server starts, and `lab doctor` calls it. MLflow answers an older schema with a
traceback, and a newer one with "Can't locate revision identified by …". Reads MLFLOW_BACKEND_STORE_URI. An empty
database passes: MLflow makes its tables itself.

The server's image gets a copy of this file alone, so it must not import the rest of the package. The other way round,
a package of the server's in the trainer, would bring the server's plugin along, which every `import mlflow` would load.
"""

import os
import re
import sys
import time
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import sqlalchemy


def revisions() -> tuple[set[str], str]:
    """Return every schema revision that this MLflow knows, and the last of them.

    Read from the text of its Alembic migrations: loading them, as Alembic does, imports MLflow and
    takes two seconds.
    """
    package = Path(find_spec("mlflow").submodule_search_locations[0])  # type: ignore[union-attr,index]
    known: set[str] = set()
    followed: set[str] = set()
    for path in (package / "store" / "db_migrations" / "versions").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        known |= set(re.findall(r'^revision = "(\w+)"', text, flags=re.MULTILINE))
        followed |= set(re.findall(r'^down_revision = "(\w+)"', text, flags=re.MULTILINE))
    (last,) = known - followed
    return known, last


def problem(engine: sqlalchemy.Engine) -> str | None:
    """Return what is wrong with the schema of a database, with the remedy, or None."""
    if not sqlalchemy.inspect(engine).has_table("alembic_version"):
        return None
    with engine.connect() as connection:
        revision = connection.scalar(sqlalchemy.text("SELECT version_num FROM alembic_version"))
    known, expected = revisions()
    if revision == expected:
        return None
    installed = f"MLflow {version('mlflow')}"
    if revision in known:
        return (
            f"The database was written by an older MLflow: its schema is {revision}, {installed} needs {expected}. "
            "Upgrade it, which makes a backup first: `make upgrade-database`."
        )
    return (
        f"The database was written by a newer MLflow than this one ({installed}): its schema is {revision}, "
        "unknown here. Run the lab's version that wrote it, or give this one an empty database: "
        "`make delete-data` (it asks first)."
    )


def wait(engine: sqlalchemy.Engine, seconds: float) -> str | None:
    """Wait until the database lets us in; return why it does not after `seconds`, or None."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            engine.connect().close()
        except sqlalchemy.exc.OperationalError as error:
            if time.monotonic() > deadline:
                return (
                    f"The database cannot be used after {seconds:.0f} s: {str(error.orig).strip()}"
                )
            time.sleep(0.5)
        else:
            return None


if __name__ == "__main__":
    database = sqlalchemy.create_engine(os.environ["MLFLOW_BACKEND_STORE_URI"])
    # The services of a stack that was stopped may be started in any order, this one before its database.
    patience = 0 if database.dialect.name == "sqlite" else 60
    if message := wait(database, patience) or problem(database):
        sys.exit(message)
