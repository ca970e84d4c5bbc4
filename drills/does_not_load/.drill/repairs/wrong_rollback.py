"""Roll back to version 1.

The check must say: The model loads, but Mara needs
"""

from lab.drilling.production import promote

promote("drill_does_not_load", "1")
