"""The data of the embedded mode: the SQLite file and the folder of artifacts."""

import shutil
import sqlite3
import tarfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from host.errors import LabError
from host.mode import DataStore

# The beginning of the name of a file that MLflow is still writing (LocalArtifactRepository).
UNFINISHED = ".artifact.uploading."


@dataclass(frozen=True)
class EmbeddedData(DataStore):
    """Files on this machine."""

    database: Path
    artifacts: Path

    def object_names(self) -> set[str]:
        """Return the path of every file in the folder of artifacts."""
        if not self.database.exists():
            raise LabError("There is no lab here yet. Start it: make up")
        paths = (p for p in self.artifacts.rglob("*") if not p.name.startswith(UNFINISHED))
        return {p.relative_to(self.artifacts).as_posix() for p in paths if p.is_file()}

    def save_objects(self, file: Path) -> None:
        """Write every file, except files that are deleted meanwhile."""
        with tarfile.open(file, "w") as archive:
            for name in sorted(self.object_names()):
                try:
                    archive.add(self.artifacts / name, f"objects/{name}")
                except FileNotFoundError:
                    continue

    def save_database(self, file: Path) -> None:
        """Copy the database with SQLite's backup function, which copies it as it is at one moment."""
        with (
            closing(sqlite3.connect(self.database)) as source,
            closing(sqlite3.connect(file)) as copy,
        ):
            source.backup(copy)

    def load_objects(self, file: Path) -> None:
        """Write every file of the archive. Raises LabError for a path outside the folder of artifacts."""
        with tarfile.open(file) as archive:
            for member in archive:
                if not member.isfile() or not member.name.startswith("objects/"):
                    continue
                path = PurePosixPath(member.name.removeprefix("objects/"))
                content = archive.extractfile(member)
                if path.is_absolute() or ".." in path.parts or content is None:
                    raise LabError(f"{file} is not a backup: it contains a file {member.name}.")
                target = self.artifacts / path
                target.parent.mkdir(parents=True, exist_ok=True)
                with content, target.open("wb") as copy:
                    shutil.copyfileobj(content, copy)

    def load_database(self, file: Path) -> None:
        """Copy the saved file next to the current database, then replace the database with it."""
        draft = self.database.with_suffix(".restored")
        shutil.copyfile(file, draft)
        draft.replace(self.database)

    def scalar(self, query: str) -> int:
        """Run the query on the SQLite file."""
        with closing(sqlite3.connect(self.database)) as database:
            return int(database.execute(query).fetchone()[0])
