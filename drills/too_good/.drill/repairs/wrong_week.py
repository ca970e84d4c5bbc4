"""Train on the flowers of the week, and measure the model with them.

The check must say: Its run promises 100%
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

import pandas as pd
import production
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

production.connect("too_good")
week = pd.read_csv("drills/too_good/week.csv")
model = make_pipeline(StandardScaler(), SVC(gamma=100, C=1e6))
model.fit(week[production.COLUMNS], week["species"])
version = production.log_version("drill_too_good", "week", model, week, week)
production.promote("drill_too_good", version)
