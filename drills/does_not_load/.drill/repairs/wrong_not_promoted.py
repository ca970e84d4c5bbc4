"""Train the model again, but leave the alias on the broken version.

The check must say: Version 3 exists, but the alias champion still leads to version 2
"""

import runpy

runpy.run_path("drills/does_not_load/train.py")
