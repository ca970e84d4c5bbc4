"""Check that the champion accepts the agreed rows, and refuses all others."""

import sys

from mlflow.exceptions import MlflowException

from lab.checks.flowers import COLUMNS
from lab.checks.registry import start_check
from lab.drilling import judging, production

name = "drill_rejected_rows"
champion = judging.find_champion(start_check(), name)
model = judging.load(champion)

_, heldout = production.flowers()
reached = judging.require_accuracy(
    model, champion, heldout, 0.96, "Anouk needs the 96% of release 2026-11."
)
rows = heldout[COLUMNS]
judging.require_columns(model, champion, rows)
try:
    model.predict(rows.astype({"petal width (cm)": str}))
    sys.exit(
        f"{champion} accepts text as a measurement. According to the agreement, it is a double."
    )
except MlflowException:
    pass
outputs = model.metadata.get_output_schema()
if not outputs:
    sys.exit(
        f"The signature of {champion} has no outputs.\n"
        "According to the agreement, the model returns a string."
    )
# MLflow may infer a column of strings as a tensor of objects.
types = [str(getattr(kind, "name", kind)) for kind in outputs.input_types()]
if not set(types) <= {"string", "object", "str"} and not all(t.startswith("<U") for t in types):
    sys.exit(
        f"According to the signature of {champion}, the model returns the type {', '.join(types)}.\n"
        "According to the agreement, it returns a string."
    )
print(f"ok  {champion} accepts rows of doubles, and predicts {reached:.0%} of them correctly")
print("ok  MLflow refuses rows that lack a column, and rows with text")
