"""Move the alias back to the version that the service serves.

Afterwards the drill must begin again.
The check must say: is not the new release
"""

from lab.drilling.production import promote

promote("drill_slow_switch", "1")
