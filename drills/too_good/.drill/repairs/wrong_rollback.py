"""Roll back to the version with the honest metric. It is not good enough.

The check must say: The metric of its run is 84%
"""

from lab.drilling.production import promote

promote("drill_too_good", "1")
