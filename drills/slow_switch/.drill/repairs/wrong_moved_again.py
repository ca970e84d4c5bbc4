"""Set the alias on version 2 again.

The check must say: and the service still serves models:/drill_slow_switch/1
"""

from lab.drilling.production import promote

promote("drill_slow_switch", "2")
