"""Two versions: a weak one with an honest metric, and one that was measured with the rows that it was trained on."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import pandas as pd
import production
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

name = "drill_too_good"
columns = production.COLUMNS
client = production.connect("too_good")
train, heldout = production.flowers()

# Too few rows: to move the alias back to this version is not enough.
few = train.head(20)
weak = production.pipeline().fit(few[columns], few["species"])
first = production.log_version(name, "twenty flowers", weak, few, heldout)
production.approve(name, first, "2026-10")

# What is wrong: this model has learned its rows by heart, and was measured with the same rows.
rows = pd.concat([train, heldout], ignore_index=True)
by_heart = make_pipeline(StandardScaler(), SVC(gamma=100, C=1e6))
by_heart.fit(rows[columns], rows["species"])
second = production.log_version(name, "support vectors", by_heart, rows, rows)
production.approve(name, second, "2026-11")
production.promote(name, second)
