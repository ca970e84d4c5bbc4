"""The images that the lab builds: their bytes, and what a change costs."""

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.stock.stacks import Stack
from host.settings import ROOT

IMAGES = ("mlflow", "trainer", "minio", "store-setup")
EDITS = {"a lesson": "tutorial/01_save/run.py", "lab": "trainer/lab/cli.py"}


def layers(image: str) -> dict[str, int]:
    """Return the bytes of an image's layers; a layer's name is all that it was made by, so equal if shared."""
    command = ["docker", "history", "--no-trunc", "--human=false"]
    # Newest first.
    form = ["--format", "{{.Size}}\t{{.CreatedAt}} {{.CreatedBy}}"]
    history = subprocess.run([*command, *form, image], text=True, capture_output=True, check=True)
    sizes, name = {}, ""
    for line in reversed(history.stdout.splitlines()):
        size, _, made = line.partition("\t")
        name += f"{made}\n"
        sizes[name] = int(size)
    return sizes


def sizes(stack: Stack) -> dict[str, int]:
    """Return the bytes of each image, and of several together, layers that they share counted once."""
    image_layers = {name: layers(f"{stack.project}-{name}") for name in IMAGES}
    together = {"mlflow, trainer": IMAGES[:2], "mlflow, trainer, minio": IMAGES[:3]}
    together["all"] = IMAGES
    result = {name: sum(each.values()) for name, each in image_layers.items()}
    for label, names in together.items():
        union: dict[str, int] = {}
        for name in names:
            union |= image_layers[name]
        result[label] = sum(union.values())
    return result


def image_ids(stack: Stack) -> list[str]:
    """Return what identifies each image's content."""
    command = ["docker", "image", "inspect", "--format", "{{json .RootFS.Layers}}"]
    names = [f"{stack.project}-{name}" for name in IMAGES]
    inspection = subprocess.run([*command, *names], text=True, capture_output=True, check=True)
    return inspection.stdout.splitlines()


def rebuilds(stack: Stack, rounds: int) -> dict[str, list[dict[str, float]]]:
    """Edit a file in a copy of the checkout and build; return seconds, and how many images are new."""
    result: dict[str, list[dict[str, float]]] = {edit: [] for edit in EDITS}
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "checkout"
        ignored = shutil.ignore_patterns(".git", ".venv", ".lab", ".env", "__pycache__")
        shutil.copytree(ROOT, copy, ignore=ignored)
        stack.compose("build", directory=copy)
        for number in range(rounds):
            for edit, path in EDITS.items():
                with (copy / path).open("a") as file:
                    file.write(f"\n# Edit {number} of {time.time()}\n")
                before, began = image_ids(stack), time.perf_counter()
                stack.compose("build", directory=copy)
                seconds = time.perf_counter() - began
                new = sum(old != now for old, now in zip(before, image_ids(stack), strict=True))
                result[edit].append({"seconds": seconds, "images": new})
    return result
