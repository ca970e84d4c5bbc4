"""Write the lab's database and objects to one file, and restore them from it.

The file is a tar archive. It contains the store's objects as objects/…, then `database`, then `manifest.json`.
The manifest is written last, so an archive with a manifest is complete.
"""

import json
import shutil
import tarfile
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from host.errors import LabError
from host.mode import Mode
from host.settings import ROOT

FOLDER = ROOT / "backups"
# Counts what a restore would overwrite.
COUNT_QUERY = """SELECT (SELECT count(*) FROM runs) + (SELECT count(*) FROM logged_models)
    + (SELECT count(*) FROM registered_models)"""


def write(mode: Mode) -> Path:
    """Write a backup of the lab and return its path. The lab may be in use meanwhile. Raises LabError.

    The backup first saves the database as it is at one moment, then the objects. Every object that the saved database
    refers to is in the store by then. Only a deletion during the backup could remove one. So the backup also checks
    that every object that existed at the beginning was saved.
    """
    FOLDER.mkdir(exist_ok=True)
    target = FOLDER / f"{mode.lab_name}-{datetime.now():%Y%m%d-%H%M%S}.tar"
    part = target.with_suffix(".part")
    began = time.monotonic()
    try:
        # Only the owner may read the file, because it contains the work of everybody who uses the lab.
        part.touch(mode=0o600)
        names_before = mode.data.object_names()
        with tempfile.NamedTemporaryFile(dir=FOLDER, prefix=".database-") as database:
            mode.data.save_database(Path(database.name))
            print(f"Copying {len(names_before)} objects …", flush=True)
            mode.data.save_objects(part)
            with tarfile.open(part, "a") as archive:
                saved = {name.removeprefix("objects/") for name in archive.getnames()}
                if deleted := names_before - saved:
                    raise LabError(
                        f"Somebody deleted {len(deleted)} objects during the backup, so files that its database refers "
                        "to would be missing. Try again: make backup"
                    )
                archive.add(database.name, "database")
                manifest = {
                    "mode": mode.name,
                    "made": datetime.now(UTC).isoformat(timespec="seconds"),
                    "objects": len(saved),
                }
                add_text(archive, "manifest.json", json.dumps(manifest))
        part.replace(target)
    except OSError as error:
        raise LabError(f"The backup could not be written: {error}") from None
    finally:
        part.unlink(missing_ok=True)
    size = target.stat().st_size / 1e6
    print(
        f"{len(saved)} objects and the database, {size:,.1f} MB, in {time.monotonic() - began:.0f} s."
    )
    return target.relative_to(ROOT)


def add_text(archive: tarfile.TarFile, name: str, text: str) -> None:
    """Add a file with this text to an open archive."""
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(text)
        file.flush()
        archive.add(file.name, name)


def restore(mode: Mode, name: str) -> None:
    """Restore the backup `name` into an empty lab. Raises LabError."""
    file = check(mode, name)
    mode.up()
    if count := mode.data.scalar(COUNT_QUERY):
        raise LabError(
            f"This lab contains {count} runs and models, which the restore would overwrite. To keep them, first type "
            "`make backup`. Then empty the lab with `make delete-data`. Or restore the backup into another lab: "
            "change COMPOSE_PROJECT_NAME and the ports in .env."
        )
    with tempfile.NamedTemporaryFile(prefix="database-") as database, tarfile.open(file) as archive:
        shutil.copyfileobj(member(archive, "database"), database)
        database.flush()
        mode.stop_server()
        try:
            print("Restoring the objects …", flush=True)
            mode.data.load_objects(file)
            print("Restoring the database …", flush=True)
            mode.data.load_database(Path(database.name))
            print(f"Restored {file}.", flush=True)
        finally:
            # If the restore failed, the previous database is still there.
            mode.up()


def member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    """Open a file of an archive for reading. Raises KeyError if there is none."""
    content = archive.extractfile(name)
    if content is None:
        raise KeyError(name)
    return content


def check(mode: Mode, name: str) -> Path:
    """Return the path of the backup `name`. Raises LabError unless it is complete and was made in this mode."""
    file = Path(name)
    if not file.is_file():
        backups = ", ".join(str(path.relative_to(ROOT)) for path in sorted(FOLDER.glob("*.tar")))
        raise LabError(
            f"There is no file {name!r}. Name a backup: make restore FILE=…. Your backups: {backups or 'none yet'}"
        )
    try:
        with tarfile.open(file) as archive:
            manifest = json.load(member(archive, "manifest.json"))
            count = sum(name.startswith("objects/") for name in archive.getnames())
            archive.getmember("database")
    except (tarfile.TarError, KeyError, ValueError):
        raise LabError(
            f"{file} is not a complete backup. `make backup` writes backups to {FOLDER}. Their names end in .tar."
        ) from None
    if manifest["mode"] != mode.name:
        raise LabError(
            f"{file} was made in the {manifest['mode']} mode. Restore it there: "
            f"LAB_MODE={manifest['mode']} make restore FILE={file}"
        )
    if manifest["objects"] != count:
        raise LabError(
            f"{file} is damaged: it should contain {manifest['objects']} objects, and it contains {count}."
        )
    return file
