"""Register a weak version with an honest metric, and a version that was measured with its training rows."""

import pandas as pd
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from lab.checks.flowers import COLUMNS
from lab.drilling import production

name = "drill_too_good"
production.connect(name)
train, heldout = production.flowers()

# Twenty training rows are too few. So moving the alias back to this version does not solve the drill.
few = train.head(20)
weak = production.trained_pipeline(few)
first = production.log_version(name, "twenty flowers", weak, few, heldout)
production.release(name, first, "2026-10")

# What is wrong: this model has memorized its training rows, and was measured with the same rows.
rows = pd.concat([train, heldout], ignore_index=True)
overfit = make_pipeline(StandardScaler(), SVC(gamma=100, C=1e6))
overfit.fit(rows[COLUMNS], rows["species"])
second = production.log_version(name, "support vectors", overfit, rows, rows)
production.release(name, second, "2026-11")
