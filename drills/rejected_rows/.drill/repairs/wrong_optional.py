"""Log the same model with a signature in which all columns are optional.

The check must say: predict for rows without the column
"""

from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

from lab.checks.flowers import COLUMNS
from lab.drilling.repairs import promote_version_2_again

schema = Schema([ColSpec("double", column, required=False) for column in COLUMNS])
signature = ModelSignature(schema, Schema([ColSpec("string")]))
promote_version_2_again("drill_rejected_rows", signature=signature)
