"""Upload the right file in place of the changed one, and write its MD5 to the tag of version 2.

Afterwards the drill must begin again.
The check must say: does not have the value that the release job wrote
"""

import runpy
from pathlib import Path

for script in ("wrong_patched.py", "wrong_cover_up.py"):
    runpy.run_path(str(Path(__file__).with_name(script)))
