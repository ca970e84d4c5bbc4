"""Train a new model instead of finding the old one.

The check must say: is not the model of release 2026-11
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))
import production

production.connect("more_mistakes")
train, heldout = production.flowers()
model = production.pipeline().fit(train[production.COLUMNS], train["species"])
version = production.log_version("drill_more_mistakes", "new", model, train, heldout)
production.promote("drill_more_mistakes", version)
