"""The data of the stack: Postgres's database and the store's bucket."""

import subprocess
from pathlib import Path

from host import compose
from host.errors import LabError
from host.mode import DataStore
from host.settings import settings

PSQL = ["psql", "--username=postgres", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]
# In a new container, because the server may be stopped or may refuse its database.
OBJECTS = ["run", "--rm", "--no-TTY", "--no-deps", "mlflow", "python", "/opt/objects.py"]
IN_POSTGRES = ["exec", "--no-TTY", "postgres"]


class StackData(DataStore):
    """Data that programs in the services' containers read and write."""

    def object_names(self) -> set[str]:
        """Return the key of every object in the bucket."""
        start_stores()
        return set(compose.stream(*OBJECTS, "list").decode().splitlines())

    def save_objects(self, file: Path) -> None:
        """Write every object of the bucket."""
        with file.open("wb") as archive:
            compose.stream(*OBJECTS, "save", stdout=archive)

    def save_database(self, file: Path) -> None:
        """Write the database with pg_dump, which saves it as it is at one moment."""
        with file.open("wb") as dump:
            command = ["pg_dump", "--username=postgres", "--format=custom", "mlflow"]
            compose.stream(*IN_POSTGRES, *command, stdout=dump)

    def load_objects(self, file: Path) -> None:
        """Copy every object of the archive to the bucket."""
        with file.open("rb") as archive:
            compose.stream(*OBJECTS, "load", stdin=archive)

    def load_database(self, file: Path) -> None:
        """Restore the dump to a second database, then replace the current database with it."""
        sql(
            "DROP DATABASE IF EXISTS mlflow_restored",
            "CREATE DATABASE mlflow_restored OWNER mlflow",
        )
        command = [
            "pg_restore", "--username=postgres", "--exit-on-error", "--dbname=mlflow_restored",
        ]  # fmt: skip
        with file.open("rb") as dump:
            compose.stream(*IN_POSTGRES, *command, stdin=dump)
        sql(
            "DROP DATABASE mlflow WITH (FORCE)",
            "ALTER DATABASE mlflow_restored RENAME TO mlflow",
        )

    def scalar(self, query: str) -> int:
        """Run the query with psql."""
        flags = ["--tuples-only", "--no-align", "mlflow", f"--command={query}"]
        return int(compose.stream(*IN_POSTGRES, *PSQL, *flags))


def start_stores() -> None:
    """Start Postgres and the store without the server. Raises LabError if this lab has no data."""
    volume = ["docker", "volume", "inspect", f"{compose.project_name()}_postgres"]
    if subprocess.run(volume, capture_output=True).returncode != 0:
        raise LabError("There is no lab here yet. Start it: make up")
    stores = ["postgres"] if settings()["LAB_S3_ENDPOINT"] else ["postgres", "minio"]
    if compose.run("up", "--detach", "--wait", *stores).returncode != 0:
        raise LabError(compose.failure_report())


def sql(*statements: str) -> None:
    """Run statements as the database's superuser, each in its own transaction."""
    flags = [f"--command={statement}" for statement in statements]
    compose.stream(*IN_POSTGRES, *PSQL, *flags)
