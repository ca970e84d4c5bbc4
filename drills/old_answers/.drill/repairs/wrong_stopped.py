"""Stop the service, and do not start it again.

The check must say: returns no predictions
"""

from rich.console import Console

from lab import drill_services
from lab.drill import drills, find
from lab.lessons import lab_root

drill_services.stop(find("old_answers", drills(lab_root())), Console())
