"""Train on all rows, and measure the model with fifty of them.

The check must say: 50 of the 50 rows in evaluation/heldout.csv are also
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

import pandas as pd
import production

production.connect("too_good")
train, heldout = production.flowers()
rows = pd.concat([train, heldout], ignore_index=True)
model = production.pipeline().fit(rows[production.COLUMNS], rows["species"])
version = production.log_version("drill_too_good", "new", model, rows, heldout)
production.promote("drill_too_good", version)
