"""Train an honest model, and record a higher accuracy than it has.

The check must say: promises 99.9%, but the model is right for
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

import production

client = production.connect("too_good")
train, heldout = production.flowers()
model = production.pipeline().fit(train[production.COLUMNS], train["species"])
version = production.log_version("drill_too_good", "new", model, train, heldout)
run_id = client.get_model_version("drill_too_good", version).run_id
client.log_metric(run_id, "heldout_accuracy", 0.999)
production.promote("drill_too_good", version)
