"""Delete for good what was deleted: MLflow keeps its files and rows until somebody does."""

import json
import sys

from host.mode import Mode


def collect(mode: Mode) -> int:
    """Show what would be deleted, ask, and delete it. Return an exit status. Raises LabError."""
    found = json.loads(mode.collect_garbage("list"))
    if found["keeping"]:
        print(
            "These versions need files of a run or a logged model that was deleted. They are kept:"
        )
        for uri in found["keeping"]:
            print(f"  {uri}")
    if not found["experiments"] + found["runs"] + found["models"]:
        print("There is nothing to delete for good.")
        return 0
    print(
        f"To be deleted for good: {found['experiments']} experiments, {found['runs']} runs and "
        f"{found['models']} logged models. Their files have {kilobytes(found['bytes'])}."
    )
    print("Nobody can restore them afterwards. Delete them? Type yes: ", end="", flush=True)
    if sys.stdin.readline().strip() != "yes":
        print("Nothing was deleted.")
        return 1
    for what, (before, now) in json.loads(mode.collect_garbage("delete")).items():
        print(f"{what}: {kilobytes(before)} before, {kilobytes(now)} now")
    return 0


def kilobytes(size: int) -> str:
    """Return a number of bytes in words."""
    return f"{size / 1000:,.0f} KB"
