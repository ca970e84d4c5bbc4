"""Move the garden's function into its model, so that only the field has a module."""

import runpy
import sys
import tempfile
from pathlib import Path

with tempfile.TemporaryDirectory() as scratch:
    copy = Path(scratch, "garden")
    copy.mkdir()
    text = Path("drills/second_model/garden/model.py").read_text()
    function = 'def petal_length_cm(rows):\n    return rows["petal_length"]\n'
    (copy / "model.py").write_text(
        text.replace("from features import petal_length_cm\n", "\n\n" + function)
    )
    sys.argv = ["register.py", str(copy)]
    runpy.run_path("drills/second_model/register.py")
