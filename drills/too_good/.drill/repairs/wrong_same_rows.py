"""Train a good model, but measure it with its training rows.

The check must say: 150 of the 150 rows in evaluation/heldout.csv are also
"""

import pandas as pd

from lab.drilling import production, repairs

rows = pd.concat(production.flowers(), ignore_index=True)
repairs.promote_model("drill_too_good", production.trained_pipeline(rows), rows, rows)
