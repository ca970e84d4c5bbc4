"""Log the same model with a signature that has no outputs.

The check must say: has no outputs
"""

from mlflow.models import infer_signature

from lab.checks.flowers import COLUMNS
from lab.drilling import production, repairs

train, _ = production.flowers()
repairs.promote_version_2_again("drill_rejected_rows", signature=infer_signature(train[COLUMNS]))
