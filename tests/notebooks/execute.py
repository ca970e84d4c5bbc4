"""Open a script as a notebook, run every cell as JupyterLab does, and print what the cells print.

Inside a lab: python -m tests.notebooks.execute tutorial/02_log/run.py. With --figures it says how many show, too.
"""

import sys
from pathlib import Path

import jupytext
from jupytext.config import load_jupytext_configuration_file
from nbclient import NotebookClient
from nbformat import NotebookNode


def executed(script: Path) -> NotebookNode:
    """Return the script as a notebook with its outputs; raises CellExecutionError at the first cell that fails."""
    settings = load_jupytext_configuration_file("pyproject.toml")
    notebook = jupytext.read(script, config=settings)
    # JupyterLab, too, runs a kernel in the notebook's folder.
    resources = {"metadata": {"path": str(script.parent)}}
    return NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources=resources
    ).execute()


if __name__ == "__main__":
    outputs = [
        output for cell in executed(Path(sys.argv[1])).cells for output in cell.get("outputs", [])
    ]
    for output in outputs:
        if output.output_type == "stream":
            print(output.text, end="", file=getattr(sys, output.name))
        else:
            print(output.output_type, *output.get("data", {}), file=sys.stderr)
