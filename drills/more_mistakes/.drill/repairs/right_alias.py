"""Move the alias to the release."""

from lab.drilling.production import promote

promote("drill_more_mistakes", "2")
