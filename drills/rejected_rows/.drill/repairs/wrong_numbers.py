"""Log the same model with a signature in which the output is a number.

The check must say: the model returns the type long
"""

import pandas as pd
from mlflow.models import infer_signature

from lab.checks.flowers import COLUMNS
from lab.drilling import production, repairs

train, _ = production.flowers()
signature = infer_signature(train[COLUMNS], pd.DataFrame({"species": [1, 2]}))
repairs.promote_version_2_again("drill_rejected_rows", signature=signature)
