"""Kill processes in this container, except the first one and this one.

    … python - PROGRAM [WORD] < tests/inside/kill_processes.py

Kills every process whose program's path ends with PROGRAM ("" means every program) and, if WORD is
given, whose first argument contains WORD. Containers without the checkout read the script from stdin.
"""

import os
import signal
import sys
from pathlib import Path

program, word = sys.argv[1], "".join(sys.argv[2:])
for process in Path("/proc").glob("[0-9]*"):
    path, argument, *_ = [*(process / "cmdline").read_text().split("\0"), ""]
    spared = int(process.name) in (1, os.getpid())
    if not spared and path.endswith(program) and word in argument:
        os.kill(int(process.name), signal.SIGKILL)
