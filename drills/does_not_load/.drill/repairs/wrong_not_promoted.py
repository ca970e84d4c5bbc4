"""Train the model again, and leave the alias.

The check must say: Version 3 exists, but the alias champion still leads to version 2
"""

import runpy

runpy.run_path("drills/does_not_load/train.py")
