"""What the stack keeps, as a whole: Postgres's database and MinIO's bucket."""

import subprocess
from pathlib import Path
from typing import IO

from host import stack
from host.errors import LabError

PSQL = ["psql", "--username=postgres", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]
# In a container of its own: the server may be away, or refuse its database.
OBJECTS = ["run", "--rm", "--no-TTY", "--no-deps", "mlflow", "python", "/opt/objects.py"]
IN_POSTGRES = ["exec", "--no-TTY", "postgres"]


def compose(
    *words: str, stdin: IO[bytes] | None = None, stdout: IO[bytes] | int = subprocess.PIPE
) -> bytes:
    """Run `docker compose` on a stream and return what it prints. Raises LabError with its last words."""
    done = subprocess.run(
        ["docker", "compose", "--progress", "quiet", *words],
        cwd=stack.ROOT,
        env=stack.environment(),
        stdin=stdin or subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
    )
    if done.returncode != 0:
        raise LabError(done.stderr.decode(errors="replace").strip()[-1500:])
    return done.stdout or b""


def start_stores() -> None:
    """Start database and store, without the server. Raises LabError if there is nothing in them."""
    volume = ["docker", "volume", "inspect", f"{stack.name()}_minio"]
    if subprocess.run(volume, capture_output=True).returncode != 0:
        raise LabError("There is no lab here yet. Start it: make up")
    if stack.compose("up", "--detach", "--wait", "postgres", "minio").returncode != 0:
        raise LabError(stack.what_failed())


def object_names() -> set[str]:
    """Return the key of every object."""
    start_stores()
    return set(compose(*OBJECTS, "list").decode().splitlines())


def save_objects(file: Path) -> None:
    """Write every object to an archive, as objects/KEY."""
    with file.open("wb") as archive:
        compose(*OBJECTS, "save", stdout=archive)


def save_database(file: Path) -> None:
    """Write the database as of one moment."""
    with file.open("wb") as dump:
        command = ["pg_dump", "--username=postgres", "--format=custom", "mlflow"]
        compose(*IN_POSTGRES, *command, stdout=dump)


def scalar(query: str) -> int:
    """Return the number that a query answers."""
    flags = ["--tuples-only", "--no-align", "mlflow", f"--command={query}"]
    return int(compose(*IN_POSTGRES, *PSQL, *flags))


def stop_server() -> None:
    """Stop the server, so that nobody writes."""
    compose("stop", "mlflow")


def load_objects(file: Path) -> None:
    """Put every objects/KEY of an archive into the bucket."""
    with file.open("rb") as archive:
        compose(*OBJECTS, "load", stdin=archive)


def load_database(file: Path) -> None:
    """Put a saved database in the place of the present one, whole or not at all."""
    sql("DROP DATABASE IF EXISTS mlflow_restored", "CREATE DATABASE mlflow_restored OWNER mlflow")
    command = ["pg_restore", "--username=postgres", "--exit-on-error", "--dbname=mlflow_restored"]
    with file.open("rb") as dump:
        compose(*IN_POSTGRES, *command, stdin=dump)
    sql(
        "DROP DATABASE mlflow WITH (FORCE)",
        "ALTER DATABASE mlflow_restored RENAME TO mlflow",
    )


def sql(*statements: str) -> None:
    """Run statements as the database's superuser, each by itself."""
    flags = [f"--command={statement}" for statement in statements]
    compose(*IN_POSTGRES, *PSQL, *flags)
