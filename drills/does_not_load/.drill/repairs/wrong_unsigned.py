"""Train the model again, but log it without a signature.

The check must say: it has no signature
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))
import production

production.connect("does_not_load")
train, heldout = production.flowers()
model = production.pipeline().fit(train[production.COLUMNS], train["species"])
version = production.log_version(
    "drill_does_not_load", "new", model, train, heldout, signature=None
)
production.promote("drill_does_not_load", version)
