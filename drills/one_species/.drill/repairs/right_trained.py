"""Train a pipeline on the centimetres."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

import production

production.connect("one_species")
train, heldout = production.flowers()
model = production.pipeline().fit(train[production.COLUMNS], train["species"])
version = production.log_version("drill_one_species", "pipeline", model, train, heldout)
production.promote("drill_one_species", version)
