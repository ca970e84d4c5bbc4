"""Open a script as a notebook, run every cell as JupyterLab does, and print the notebook with its output.

    python -m tests.inside.execute_notebook tutorial/02_log/run.py SOCKET

The kernel is a process of the warm Python that listens at SOCKET.
"""

import os
import sys
from pathlib import Path

import jupytext
import nbformat
from jupyter_client import KernelManager
from jupytext.config import load_jupytext_configuration_file
from nbclient import NotebookClient
from nbformat import NotebookNode

from tests.inside import warm


def executed(script: Path, socket: str) -> NotebookNode:
    """Return the script as a notebook with its outputs; raises CellExecutionError at the first cell that fails."""
    settings = load_jupytext_configuration_file("pyproject.toml")
    notebook = jupytext.read(script, config=settings)
    # JupyterLab, too, runs a kernel in the notebook's folder.
    resources = {"metadata": {"path": str(script.parent)}}
    # A kernel sets this itself, but too late for a process in which Matplotlib has been imported.
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    kernel = KernelManager()
    kernel.kernel_spec.argv = [
        *(sys.executable, warm.__file__, socket),
        *("-m", "ipykernel_launcher", "-f", "{connection_file}"),
    ]
    try:
        return NotebookClient(notebook, km=kernel, timeout=600, resources=resources).execute()
    finally:
        kernel.shutdown_kernel(now=True)


if __name__ == "__main__":
    print(nbformat.writes(executed(Path(sys.argv[1]), sys.argv[2])))
