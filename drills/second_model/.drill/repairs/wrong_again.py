"""Register the field's model again as it is.

Afterwards the drill must begin again.
The check must say: Both models bring a module of the same name: features.
"""

import runpy
import sys

sys.argv = ["register.py", "drills/second_model/field"]
runpy.run_path("drills/second_model/register.py")
