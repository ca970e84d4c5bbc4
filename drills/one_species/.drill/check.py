"""The champion must name the species of flowers in centimetres, one at a time, and refuse an incomplete row."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import judging
import production

from lab.checks.registry import start_check

name = "drill_one_species"
client = start_check()
version = judging.champion(client, name)
label = judging.label(version)
model = judging.load(version)

_, heldout = production.flowers()
together = judging.answers(model, version, heldout[production.COLUMNS])
if len(set(together)) == 1:
    sys.exit(f"{label} still answers {together[0]!r} to every flower in centimetres.")
reached = judging.accuracy(model, version, heldout)
if reached < 0.94:
    sys.exit(
        f"{label} names only {reached:.0%} of the held-out flowers correctly.\n"
        "Release 2026-11 promised 96%."
    )
alone = [
    judging.answers(model, version, heldout[production.COLUMNS].iloc[[row]])[0]
    for row in range(len(heldout))
]
different = int((together != alone).sum())
if different:
    sys.exit(
        f"{label} is good when it gets many flowers at once. But Emre's app sends one flower at a time: then "
        f"{different} of {len(heldout)} answers are different.\n"
        "The answer for a flower must not depend on the other flowers."
    )
judging.require_columns(model, version, heldout[production.COLUMNS])
print(f"ok  {label} names {reached:.0%} of the held-out flowers correctly, one at a time")
print("ok  it refuses rows that lack a column")
