"""One file with the lab's database and objects, and a lab made of it again.

The file is a tar archive: objects/… as the store has them, then `database`, then `manifest.json`,
which is written last and so tells that the rest is whole.
"""

import json
import shutil
import tarfile
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

from host import embedded, embedded_data, stack, stack_data
from host.errors import LabError
from host.settings import ROOT

FOLDER = ROOT / "backups"
# What a restored lab would lose of its own.
OWN = """SELECT (SELECT count(*) FROM runs) + (SELECT count(*) FROM logged_models)
    + (SELECT count(*) FROM registered_models)"""
DATA = {stack: stack_data, embedded: embedded_data}


def mode_name(mode: ModuleType) -> str:
    """Return what LAB_MODE calls a mode."""
    return "stack" if mode is stack else "embedded"


def write(mode: ModuleType) -> Path:
    """Write a backup of the lab, which may go on working meanwhile, and return its path.

    The database first, as of one moment, then the objects: what the database knows was in the
    store before, and MLflow never changes a model's files. Only deleting could come between, so
    what was there at the beginning must be there at the end. Raises LabError.
    """
    data = DATA[mode]
    FOLDER.mkdir(exist_ok=True)
    lab = stack.name() if mode is stack else "embedded"
    target = FOLDER / f"{lab}-{datetime.now():%Y%m%d-%H%M%S}.tar"
    part = target.with_suffix(".part")
    began = time.monotonic()
    try:
        # Only for its owner: what it holds is everybody's work.
        part.touch(mode=0o600)
        at_first = data.object_names()
        with tempfile.NamedTemporaryFile(dir=FOLDER, prefix=".database-") as database:
            data.save_database(Path(database.name))
            print(f"Copying {len(at_first)} objects …", flush=True)
            data.save_objects(part)
            with tarfile.open(part, "a") as archive:
                saved = {name.removeprefix("objects/") for name in archive.getnames()}
                if gone := at_first - saved:
                    raise LabError(
                        f"{len(gone)} objects were deleted while the backup was made, so that it would not fit "
                        "its database. Then again: make backup"
                    )
                archive.add(database.name, "database")
                manifest = {
                    "mode": mode_name(mode),
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
    """Add a file with `text` to an archive that is being written."""
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(text)
        file.flush()
        archive.add(file.name, name)


def restore(mode: ModuleType, name: str) -> None:
    """Make an empty lab the one that the backup `name` was taken of. Raises LabError."""
    file = check(mode, name)
    mode.up()
    data = DATA[mode]
    if count := data.scalar(OWN):
        raise LabError(
            f"This lab has {count} runs and models of its own, which a restored one would not have. Empty it first "
            "(`make backup` to keep them, then `make delete-data`), or restore into another lab: "
            "COMPOSE_PROJECT_NAME and the ports in .env."
        )
    with tempfile.NamedTemporaryFile(prefix="database-") as database, tarfile.open(file) as archive:
        with archive.extractfile("database") as packed:
            shutil.copyfileobj(packed, database)
        database.flush()
        data.stop_server()
        try:
            print("Objects …", flush=True)
            data.load_objects(file)
            print("Database …", flush=True)
            data.load_database(Path(database.name))
            print(f"The lab is the one that {file} was taken of.", flush=True)
        finally:
            # Whatever happened: with the database of before, or with the restored one.
            mode.up()


def check(mode: ModuleType, name: str) -> Path:
    """Return the path of the backup `name`. Raises LabError unless it is a whole one of a lab in this mode."""
    file = Path(name)
    if not file.is_file():
        there = ", ".join(str(path.relative_to(ROOT)) for path in sorted(FOLDER.glob("*.tar")))
        raise LabError(
            f"There is no file {name!r}. Give one: make restore FILE=…; there are: {there or 'none yet'}"
        )
    try:
        with tarfile.open(file) as archive:
            manifest = json.load(archive.extractfile("manifest.json"))
            count = sum(name.startswith("objects/") for name in archive.getnames())
            archive.getmember("database")
    except (tarfile.TarError, KeyError, ValueError):
        raise LabError(
            f"{file} is not a whole backup. Those that `make backup` made end in .tar, in {FOLDER}."
        ) from None
    if manifest["mode"] != mode_name(mode):
        raise LabError(
            f"{file} is of the mode {manifest['mode']}: LAB_MODE={manifest['mode']} make restore FILE={file}"
        )
    if manifest["objects"] != count:
        raise LabError(f"{file} should have {manifest['objects']} objects and has {count}.")
    return file
