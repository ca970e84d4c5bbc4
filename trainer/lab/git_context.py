"""Record with every run whether the checkout had changes: MLflow by itself records the commit only.

A plugin of MLflow's (entry point mlflow.run_context_provider), so that lessons need not know of it.
"""

import subprocess
from functools import cache
from pathlib import Path

from mlflow.tracking.context.abstract_context import RunContextProvider
from mlflow.tracking.context.default_context import _get_main_file
from mlflow.utils.mlflow_tags import MLFLOW_GIT_DIRTY


@cache
def changes() -> str | None:
    """Return git's list of changes in the checkout of the running script, None where there is no checkout."""
    script = _get_main_file()
    if script is None:
        return None
    command = ["git", "--no-optional-locks", "status", "--porcelain"]
    try:
        done = subprocess.run(
            command, cwd=Path(script).resolve().parent, text=True, capture_output=True
        )
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None


class TreeState(RunContextProvider):
    """Adds the tag mlflow.source.git.dirty, "true" or "false"."""

    def in_context(self) -> bool:
        """Tell whether the script lies in a checkout."""
        return changes() is not None

    def tags(self) -> dict[str, str]:
        """Return the tag."""
        return {MLFLOW_GIT_DIRTY: "true" if changes() else "false"}
