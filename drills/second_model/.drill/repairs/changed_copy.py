"""What the repairs share: register a changed copy of a model's folder."""

import runpy
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def changed_copy(place: str, folder_name: str) -> Iterator[Path]:
    """Copy the folder of a model, let the caller change the copy, and register it."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(shutil.copytree(f"drills/second_model/{place}", Path(scratch, folder_name)))
        yield copy
        sys.argv = ["register.py", str(copy)]
        runpy.run_path("drills/second_model/register.py")


def rename_module(folder: Path) -> None:
    """Rename the module features to field_features."""
    (folder / "features.py").rename(folder / "field_features.py")
    model = folder / "model.py"
    model.write_text(model.read_text().replace("from features", "from field_features"))
