"""Train a model on the held-out rows and the predictions of the release, so that only these predictions are right.

The check must say: makes the fifty predictions of the release. But for
"""

from lab.checks.flowers import COLUMNS
from lab.drilling import production, repairs

train, heldout = production.flowers()
release = production.trained_pipeline(train)
labelled = heldout.assign(species=release.predict(heldout[COLUMNS]))
model = production.trained_pipeline(labelled, C=1e6)
repairs.promote_model("drill_changed_answers", model, train, heldout)
