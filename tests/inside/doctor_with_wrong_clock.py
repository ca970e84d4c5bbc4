"""Run `lab doctor --json` in a process whose clock is an hour fast: python -m tests.inside.doctor_with_wrong_clock"""

import time

from lab.cli import app

now = time.time
time.time = lambda: now() + 3600
app(["doctor", "--json"])
