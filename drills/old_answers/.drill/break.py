"""Move the alias. What is wrong: the service resolved the alias only when it started."""

from lab.drilling.production import promote

promote("drill_old_answers", "2")
