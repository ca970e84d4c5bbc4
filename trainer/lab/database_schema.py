"""Check that the database has the schema of the installed MLflow.

The server does this before it starts (mlflow-server/serve.py), and `lab doctor` does it, too. With an older schema,
MLflow itself would end with a traceback. With a newer one it would print "Can't locate revision identified by …". An
empty database passes, because MLflow creates its tables itself.

The server's image has a copy of this file, without the rest of the package, so the file must not import the rest. To
install the server's package in the trainer instead would also install the server's plugin, and every `import mlflow`
would load it.
"""

import re
import time
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import sqlalchemy


def revisions() -> tuple[set[str], str]:
    """Return every schema revision that this MLflow knows, and the latest one.

    They stand in the text of MLflow's Alembic migrations. To load these files, as Alembic does, would import MLflow,
    which takes two seconds.
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
    """Return what is wrong with a database's schema and how to fix it, or None."""
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
            f"The database was written by an older MLflow: its schema is {revision}, and {installed} needs {expected}. "
            "Upgrade it with `make upgrade-database`, which makes a backup first."
        )
    return (
        f"The database was written by a newer MLflow than this one ({installed}), which does not know its schema "
        f"{revision}. "
        "Use the version of the lab that wrote it, or start with an empty database: `make delete-data`, "
        "which asks first."
    )


def wait(engine: sqlalchemy.Engine, seconds: float) -> str | None:
    """Wait until the database accepts a connection. Return the error if it does not within `seconds`, or None."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            engine.connect().close()
        except sqlalchemy.exc.OperationalError as error:
            if time.monotonic() > deadline:
                return (
                    f"The database cannot be used after {seconds:.0f} s: {str(error.orig).strip()}"
                )
            time.sleep(0.25)
        else:
            return None
