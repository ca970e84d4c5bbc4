"""Print the command of each process that was started with a variable of the environment.

python -m tests.inside.processes LAB_ROOT=/lab/work/a-copy
"""

import sys
from contextlib import suppress
from pathlib import Path

for process in Path("/proc").glob("[0-9]*"):
    # A process may end at this moment, or belong to another user.
    with suppress(OSError):
        variables = (process / "environ").read_text(errors="replace").split("\0")
        if sys.argv[1] in variables:
            print((process / "cmdline").read_text(errors="replace").replace("\0", " "))
