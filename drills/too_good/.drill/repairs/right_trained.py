"""Train another good model, and measure it with held-out rows."""

from lab.drilling import production, repairs

train, heldout = production.flowers()
model = production.trained_pipeline(train, C=3)
repairs.promote_model("drill_too_good", model, train, heldout)
