"""Give the field's module a name of its own, but register it under another name.

Afterwards the drill must begin again.
The check must say: There is also a model drill_second_model_renamed. The name of the folder decides
"""

import runpy
import shutil
import sys
import tempfile
from pathlib import Path

with tempfile.TemporaryDirectory() as scratch:
    copy = Path(scratch, "renamed")
    shutil.copytree("drills/second_model/field", copy)
    (copy / "features.py").rename(copy / "field_features.py")
    model = copy / "model.py"
    model.write_text(model.read_text().replace("from features", "from field_features"))
    sys.argv = ["register.py", str(copy)]
    runpy.run_path("drills/second_model/register.py")
