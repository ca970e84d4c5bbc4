"""Train a good model, but measure it with the rows of the training.

The check must say: 150 of the 150 rows in evaluation/heldout.csv are also
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

import pandas as pd
import production

production.connect("too_good")
rows = pd.concat(production.flowers(), ignore_index=True)
model = production.pipeline().fit(rows[production.COLUMNS], rows["species"])
version = production.log_version("drill_too_good", "new", model, rows, rows)
production.promote("drill_too_good", version)
