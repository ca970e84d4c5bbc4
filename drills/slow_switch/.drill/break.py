"""Move the alias while the service runs. The registry calls the service, which refuses the call."""

from lab.drilling.production import promote

promote("drill_slow_switch", "2")
