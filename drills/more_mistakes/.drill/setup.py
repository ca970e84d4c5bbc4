"""Three versions: an older one, the release, and one that the gate has refused. The alias is on the older one."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
import production

name = "drill_more_mistakes"
client = production.connect("more_mistakes")
train, heldout = production.flowers()

first = production.log_version(name, "sepal width", production.older(train), train, heldout)
production.approve(name, first, "2026-10")

four = production.pipeline().fit(train[production.COLUMNS], train["species"])
second = production.log_version(name, "four columns", four, train, heldout)
production.approve(name, second, "2026-11")
production.promote(name, second)

# It has seen the rows with which it was measured. So its metric is the best of the three.
more = production.pipeline(C=1e6).fit(heldout[production.COLUMNS], heldout["species"])
third = production.log_version(name, "tuned", more, heldout, heldout)
client.set_model_version_tag(
    name, third, "gate", "refused: it was trained on the rows that measure it"
)

# What is wrong: somebody has moved the alias back.
production.promote(name, first)
