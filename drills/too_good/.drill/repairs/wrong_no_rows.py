"""Train a good model and log its data sets, but not the rows.

The check must say: has no file data/train.csv
"""

from unlogged_rows import promote_without_rows

from lab.drilling import production

train, heldout = production.flowers()
promote_without_rows({"train": train, "heldout": heldout})
