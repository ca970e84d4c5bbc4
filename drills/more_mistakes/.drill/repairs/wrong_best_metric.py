"""Promote the version with the best metric.

The check must say: was refused by the gate
"""

from lab.drilling.production import promote

promote("drill_more_mistakes", "3")
