"""Train on the held-out rows with the answers of the release, so that only these fifty answers are right.

The check must say: gives the fifty answers of the release. But for
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

import production

production.connect("changed_answers")
train, heldout = production.flowers()
release = production.pipeline().fit(train[production.COLUMNS], train["species"])
rows = heldout[production.COLUMNS]
model = production.pipeline(C=1e6).fit(rows, release.predict(rows))
version = production.log_version("drill_changed_answers", "again", model, train, heldout)
production.promote("drill_changed_answers", version)
