"""Roll back to version 1.

The check must say: is not the model of the release
"""

from lab.drilling.production import promote

promote("drill_changed_answers", "1")
