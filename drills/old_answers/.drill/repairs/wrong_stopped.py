"""Stop the service, as a learner does who wants to start another one and then does not.

The check must say: gives no answers
"""

from rich.console import Console

from lab import drill_services
from lab.drill import drills, find
from lab.lessons import lab_root

drill_services.stop(find("old_answers", drills(lab_root())), Console())
