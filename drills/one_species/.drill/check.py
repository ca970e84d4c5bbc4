"""Check that the champion predicts well from centimetres, for one row at a time, and refuses incomplete rows."""

import sys

from lab.checks.flowers import COLUMNS
from lab.checks.registry import start_check
from lab.drilling import judging, production

name = "drill_one_species"
champion = judging.find_champion(start_check(), name)
model = judging.load(champion)

_, heldout = production.flowers()
rows = heldout[COLUMNS]
together = judging.predictions(model, champion, rows)
if len(set(together)) == 1:
    sys.exit(f"{champion} still predicts {together[0]!r} for every flower in centimetres.")
reached = judging.require_accuracy(model, champion, heldout, 0.94, "Release 2026-11 promised 96%.")
alone = [
    judging.predictions(model, champion, rows.iloc[[number]])[0] for number in range(len(rows))
]
different = int((together != alone).sum())
if different:
    sys.exit(
        f"{champion} predicts well for many rows at once. But Emre's app sends one flower at a time. Then "
        f"{different} of {len(rows)} predictions are different.\n"
        "The prediction for a flower must not depend on the other rows."
    )
judging.require_columns(model, champion, rows)
print(f"ok  {champion} predicts {reached:.0%} of the held-out rows correctly, one at a time")
print("ok  MLflow refuses rows that lack a column")
