"""Register two models from code. What is wrong: each has its own module, and both modules are called features."""

import runpy
import sys
from pathlib import Path

from lab.drilling import production

production.connect("drill_second_model")
home = Path(__file__).parents[1]
for place in ("garden", "field"):
    sys.modules.pop("features", None)
    sys.argv = ["register.py", str(home / place)]
    runpy.run_path(str(home / "register.py"))
