"""Make the model again, without the tag.

The check must say: the next change would go unnoticed
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

import production

production.connect("changed_answers")
train, heldout = production.flowers()
model = production.pipeline().fit(train[production.COLUMNS], train["species"])
version = production.log_version("drill_changed_answers", "again", model, train, heldout)
production.promote("drill_changed_answers", version)
