"""Delete runs, logged models and experiments for good. MLflow only hides what somebody deletes."""

import json
import sys

from host.mode import Mode


def collect(mode: Mode) -> int:
    """Show what can be deleted, ask, and delete it. Return an exit status. Raises LabError."""
    listed = mode.collect_garbage("list")
    garbage = json.loads(listed)
    if garbage["keeping"]:
        print(
            "These versions need files of a run or a logged model that was deleted. They are kept:"
        )
        for uri in garbage["keeping"]:
            print(f"  {uri}")
    if not garbage["experiments"] + garbage["runs"] + garbage["models"]:
        print("There is nothing to delete for good.")
        return 0
    print(
        f"To be deleted for good: {len(garbage['experiments'])} experiments, {len(garbage['runs'])} runs and "
        f"{len(garbage['models'])} logged models. Their files have {kilobytes(garbage['bytes'])}."
    )
    print("Nobody can restore them afterwards. Delete them? Type yes: ", end="", flush=True)
    if sys.stdin.readline().strip() != "yes":
        print("Nothing was deleted.")
        return 1
    sizes = json.loads(mode.collect_garbage("delete", typed=listed))
    for kind, (before, now) in sizes.items():
        print(f"{kind}: {kilobytes(before)} before, {kilobytes(now)} now")
    return 0


def kilobytes(size: int) -> str:
    """Return a number of bytes in words."""
    return f"{size / 1000:,.0f} KB"
