"""Train a model on the flowers of the week, and measure it with the same flowers.

The check must say: The metric of its run is 100%
"""

import pandas as pd
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from lab.checks.flowers import COLUMNS
from lab.drilling import repairs

week = pd.read_csv("drills/too_good/week.csv")
model = make_pipeline(StandardScaler(), SVC(gamma=100, C=1e6))
model.fit(week[COLUMNS], week["species"])
repairs.promote_model("drill_too_good", model, week, week)
