"""Roll back to version 1.

The check must say: Release 2026-11 promised 96%
"""

from lab.drilling.production import promote

promote("drill_one_species", "1")
