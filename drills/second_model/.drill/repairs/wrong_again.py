"""Register the field's model again as it is.

The check must say: If the garden's is loaded before the field's
"""

import runpy
import sys

sys.argv = ["register.py", "drills/second_model/field"]
runpy.run_path("drills/second_model/register.py")
