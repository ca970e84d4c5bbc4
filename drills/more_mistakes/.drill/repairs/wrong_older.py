"""Leave the alias on version 1, the older release.

The check must say: is release 2026-10
"""

from lab.drilling.production import promote

promote("drill_more_mistakes", "1")
