"""Is the database's schema that of the MLflow installed here?

The server's image runs this file by itself before it starts: MLflow answers an older schema with a
traceback, and a newer one with "Can't locate revision identified by …". Reads
MLFLOW_BACKEND_STORE_URI; an empty database passes, MLflow makes its tables itself.
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
    package = Path(find_spec("mlflow").submodule_search_locations[0])
    known, followed = set(), set()
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
        found = connection.scalar(sqlalchemy.text("SELECT version_num FROM alembic_version"))
    known, expected = revisions()
    if found == expected:
        return None
    this = f"MLflow {version('mlflow')}"
    if found in known:
        return (
            f"The database was written by an older MLflow: its schema is {found}, {this} needs {expected}. "
            "Upgrade it, which makes a backup first: `make upgrade-database`."
        )
    return (
        f"The database was written by a newer MLflow than this one ({this}): its schema is {found}, "
        "unknown here. Run the lab's version that wrote it, or give this one an empty database: "
        "`make delete-data` (it asks first)."
    )


def wait(engine: sqlalchemy.Engine, seconds: float) -> str | None:
    """Wait until the database lets us in; return why it does not after `seconds`, or None."""
    end = time.monotonic() + seconds
    while True:
        try:
            engine.connect().close()
        except sqlalchemy.exc.OperationalError as error:
            if time.monotonic() > end:
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
