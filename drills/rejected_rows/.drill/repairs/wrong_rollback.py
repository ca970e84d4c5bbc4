"""Roll back to version 1.

The check must say: Anouk needs the 96%
"""

from lab.drilling.production import promote

promote("drill_rejected_rows", "1")
