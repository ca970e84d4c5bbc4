"""Give both models the same module, so that the order does not matter.

Afterwards the drill must begin again.
The check must say: loaded without the other model, predicts
"""

import shutil

from changed_copy import changed_copy

with changed_copy("field", "field") as folder:
    shutil.copy("drills/second_model/garden/features.py", folder)
