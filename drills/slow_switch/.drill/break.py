"""The alias moves while the service runs. The registry calls the service, which refuses the call."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
import production

production.connect("slow_switch")
production.promote("drill_slow_switch", "2")
