"""Train a model, and measure it with other rows."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

import production

production.connect("too_good")
train, heldout = production.flowers()
model = production.pipeline(C=3).fit(train[production.COLUMNS], train["species"])
version = production.log_version("drill_too_good", "new", model, train, heldout)
production.promote("drill_too_good", version)
