"""Measure the model with the rows of the training in another order, so that the digests differ.

The check must say: 100 of the 100 rows in evaluation/heldout.csv are also
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

import production

production.connect("too_good")
train, _ = production.flowers()
other = train.sample(frac=1, random_state=1).reset_index(drop=True)
model = production.pipeline().fit(train[production.COLUMNS], train["species"])
version = production.log_version("drill_too_good", "new", model, train, other)
production.promote("drill_too_good", version)
