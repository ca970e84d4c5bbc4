"""Record with every run what MLflow by itself does not: whether the checkout had changes, and a notebook's commit.

A plugin of MLflow's (entry point mlflow.run_context_provider), so that lessons need not know of it.
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
    """Return the folder of the running script or notebook, None where there is neither."""
    # The main file of a notebook is its kernel's, which runs in the notebook's folder.
    if _is_in_jupyter_notebook():
        return Path.cwd()
    script = _get_main_file()
    return Path(script).resolve().parent if script else None


@cache
def state() -> dict[str, str]:
    """Return the tags of the checkout that the script or notebook lies in, none where there is no checkout."""
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
    """Adds the tag mlflow.source.git.dirty, "true" or "false", and in a notebook mlflow.source.git.commit."""

    def in_context(self) -> bool:
        """Tell whether the script or notebook lies in a checkout."""
        return bool(state())

    def tags(self) -> dict[str, str]:
        """Return the tags."""
        return state()
