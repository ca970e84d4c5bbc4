"""Train on all rows, and measure the model with fifty of them.

The check must say: 50 of the 50 rows in evaluation/heldout.csv are also
"""

import pandas as pd

from lab.drilling import production, repairs

train, heldout = production.flowers()
rows = pd.concat([train, heldout], ignore_index=True)
repairs.promote_model("drill_too_good", production.trained_pipeline(rows), rows, heldout)
