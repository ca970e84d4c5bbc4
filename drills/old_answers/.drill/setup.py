"""Two versions, of which the first one is champion when the service starts."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
import production

name = "drill_old_answers"
production.connect("old_answers")
train, heldout = production.flowers()

first = production.log_version(name, "sepal width", production.older(train), train, heldout)
production.approve(name, first, "2026-10")
production.promote(name, first)

four = production.pipeline().fit(train[production.COLUMNS], train["species"])
second = production.log_version(name, "four columns", four, train, heldout)
production.approve(name, second, "2026-11")
