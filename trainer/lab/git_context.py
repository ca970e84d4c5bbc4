"""Record with every run whether the checkout had uncommitted changes, and a notebook's commit.

MLflow itself records neither. This is a plugin for MLflow (entry point mlflow.run_context_provider), so the lessons
contain nothing about it.
"""

import subprocess
from functools import cache
from pathlib import Path

from mlflow.tracking.context.abstract_context import RunContextProvider
from mlflow.tracking.context.default_context import _get_main_file
from mlflow.tracking.context.jupyter_notebook_context import _is_in_jupyter_notebook
from mlflow.utils.git_utils import get_git_commit
from mlflow.utils.mlflow_tags import MLFLOW_GIT_COMMIT, MLFLOW_GIT_DIRTY


def folder() -> Path | None:
    """Return the folder of the running script or notebook, or None if there is neither."""
    # In a notebook, the main file is the kernel's. The kernel runs in the notebook's folder.
    if _is_in_jupyter_notebook():
        return Path.cwd()
    script = _get_main_file()
    return Path(script).resolve().parent if script else None


@cache
def state() -> dict[str, str]:
    """Return the tags about the checkout with the script or notebook. There are none without a checkout."""
    code_folder = folder()
    if code_folder is None:
        return {}
    command = ["git", "--no-optional-locks", "status", "--porcelain"]
    try:
        status = subprocess.run(command, cwd=code_folder, text=True, capture_output=True)
    except OSError:
        return {}
    if status.returncode != 0:
        return {}
    tags = {MLFLOW_GIT_DIRTY: "true" if status.stdout else "false"}
    if _is_in_jupyter_notebook() and (commit := get_git_commit(str(code_folder))):
        tags[MLFLOW_GIT_COMMIT] = commit
    return tags


class TreeState(RunContextProvider):
    """Adds the tag mlflow.source.git.dirty, "true" or "false". In a notebook, also adds mlflow.source.git.commit."""

    def in_context(self) -> bool:
        """Tell whether the script or notebook is in a checkout."""
        return bool(state())

    def tags(self) -> dict[str, str]:
        """Return the tags."""
        return state()
