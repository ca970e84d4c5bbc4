"""What the embedded mode keeps, as a whole: the SQLite file and the folder of artifacts."""

import shutil
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path, PurePosixPath

from host import embedded
from host.embedded import ARTIFACTS, DATABASE
from host.errors import LabError

# What MLflow calls a file that it is still writing, beside the one that it will become (LocalArtifactRepository).
UNFINISHED = ".artifact.uploading."


def object_names() -> set[str]:
    """Return the path of every file in the folder of artifacts."""
    if not DATABASE.exists():
        raise LabError("There is no lab here yet. Start it: make up")
    files = (path for path in ARTIFACTS.rglob("*") if not path.name.startswith(UNFINISHED))
    return {path.relative_to(ARTIFACTS).as_posix() for path in files if path.is_file()}


def save_objects(file: Path) -> None:
    """Write every file to an archive, as objects/PATH; one that is deleted meanwhile is left out."""
    with tarfile.open(file, "w") as archive:
        for name in sorted(object_names()):
            try:
                archive.add(ARTIFACTS / name, f"objects/{name}")
            except FileNotFoundError:
                continue


def save_database(file: Path) -> None:
    """Write the database as of one moment, while the server may use it."""
    with closing(sqlite3.connect(DATABASE)) as source, closing(sqlite3.connect(file)) as target:
        source.backup(target)


def scalar(query: str) -> int:
    """Return the number that a query answers."""
    with closing(sqlite3.connect(DATABASE)) as database:
        return database.execute(query).fetchone()[0]


def stop_server() -> None:
    """Stop the server, so that nobody writes."""
    embedded.down()


def load_objects(file: Path) -> None:
    """Write every objects/PATH of an archive to the folder of artifacts. Raises LabError for one that leaves it."""
    with tarfile.open(file) as archive:
        for member in archive:
            if not member.isfile() or not member.name.startswith("objects/"):
                continue
            path = PurePosixPath(member.name.removeprefix("objects/"))
            if path.is_absolute() or ".." in path.parts:
                raise LabError(f"{file} is no backup: it has a file {member.name}.")
            target = ARTIFACTS / path
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.extractfile(member) as source, target.open("wb") as copy:
                shutil.copyfileobj(source, copy)


def load_database(file: Path) -> None:
    """Put a saved database in the place of the present one."""
    draft = DATABASE.with_suffix(".restored")
    shutil.copyfile(file, draft)
    draft.replace(DATABASE)
