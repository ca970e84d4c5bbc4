"""Measure the model with its training rows in another order, so that the digests differ.

The check must say: 100 of the 100 rows in evaluation/heldout.csv are also
"""

from lab.drilling import production, repairs

train, _ = production.flowers()
shuffled = train.sample(frac=1, random_state=1).reset_index(drop=True)
model = production.trained_pipeline(train)
repairs.promote_model("drill_too_good", model, train, shuffled)
