"""Run each argument as a cell of one notebook, go on after errors, and print the cells' outputs as JSON.

Inside a lab: python -m tests.inside.execute_cells "1 / 0" "print(2)"
"""

import json
import sys

from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

if __name__ == "__main__":
    notebook = new_notebook(cells=[new_code_cell(code) for code in sys.argv[1:]])
    NotebookClient(notebook, timeout=120, kernel_name="python3", allow_errors=True).execute()
    print(json.dumps([cell.outputs for cell in notebook.cells]))
