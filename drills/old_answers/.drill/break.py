"""What is wrong: the alias moves while the service runs, and the service looked it up only when it started."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
import production

production.connect("old_answers")
production.promote("drill_old_answers", "2")
