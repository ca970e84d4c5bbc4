"""The champion must take the agreed rows, and refuse all others."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import judging
import production
from mlflow.exceptions import MlflowException

from lab.checks.registry import start_check

name = "drill_rejected_rows"
client = start_check()
version = judging.champion(client, name)
label = judging.label(version)
model = judging.load(version)

_, heldout = production.flowers()
reached = judging.accuracy(model, version, heldout)
if reached < 0.96:
    sys.exit(
        f"{label} names only {reached:.0%} of the held-out flowers correctly.\n"
        "Anouk needs the 96% of release 2026-11."
    )
rows = heldout[production.COLUMNS]
judging.require_columns(model, version, rows)
try:
    model.predict(rows.astype({"petal width (cm)": str}))
    sys.exit(f"{label} takes text as a measurement. The agreement says double.")
except MlflowException:
    pass
outputs = model.metadata.get_output_schema()
if not outputs:
    sys.exit(
        f"The signature of {label} has no outputs.\nThe agreement says that the answer is a string."
    )
# A column of strings may be inferred as a tensor of objects.
types = [str(getattr(kind, "name", kind)) for kind in outputs.input_types()]
if not set(types) <= {"string", "object", "str"} and not all(t.startswith("<U") for t in types):
    sys.exit(
        f"The signature of {label} says that the answer is of the type {', '.join(types)}.\n"
        "The agreement says that it is a string."
    )
print(f"ok  {label} takes rows of doubles, and names {reached:.0%} of them correctly")
print("ok  it refuses rows that lack a column, and text")
