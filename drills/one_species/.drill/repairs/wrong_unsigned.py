"""Train a pipeline, but log it without a signature.

The check must say: has no signature
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

import production

production.connect("one_species")
train, heldout = production.flowers()
model = production.pipeline().fit(train[production.COLUMNS], train["species"])
version = production.log_version(
    "drill_one_species", "pipeline", model, train, heldout, signature=None
)
production.promote("drill_one_species", version)
