"""This checkout's files as git has them, and copies of it."""

import shutil
import subprocess
from pathlib import Path

from host.settings import ROOT


def files(*patterns: str) -> list[Path]:
    """Return this checkout's files, the new ones too, but nothing that git ignores; `patterns` choose some."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *patterns]
    names = subprocess.run(listing, cwd=ROOT, text=True, capture_output=True, check=True).stdout
    paths = [ROOT / name for name in names.split("\0") if name]
    return [path for path in paths if path.exists()]


def copy_of_checkout(target: Path) -> Path:
    """Copy this checkout's files, with nothing that the lab made, and return the copy's folder."""
    for path in files():
        copy = target / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
    return target


def commit_all(folder: Path) -> None:
    """Make a folder a git checkout whose only commit has all of its files."""
    author = ["-c", "user.name=learner", "-c", "user.email=learner@example.com"]
    for words in (["init", "--quiet"], ["add", "."], [*author, "commit", "--quiet", "-m", "All"]):
        subprocess.run(["git", *words], cwd=folder, check=True)
