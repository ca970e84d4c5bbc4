"""Move the alias back, so that the service and the alias lead to the same version.

The check must say: The release must stay champion
"""

from lab.drilling.production import promote

promote("drill_old_answers", "1")
