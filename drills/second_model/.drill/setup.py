"""Two models from code. What is wrong: each has a module of its own, and both modules are called features."""

import runpy
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
import production

production.connect("second_model")
home = Path(__file__).parents[1]
for place in ("garden", "field"):
    sys.modules.pop("features", None)
    sys.argv = ["register.py", str(home / place)]
    runpy.run_path(str(home / "register.py"))
