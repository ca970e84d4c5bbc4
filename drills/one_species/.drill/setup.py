"""Two versions. The second one was logged without its scaler, but measured with it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import mlflow
import production
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

name = "drill_one_species"
columns = production.COLUMNS
client = production.connect("one_species")
train, heldout = production.flowers()

older = production.older(train, StandardScaler())
first = production.log_version(name, "sepal width", older, train, heldout)
production.approve(name, first, "2026-10")

# What is wrong: the scaler is no part of the model.
scaler = StandardScaler().set_output(transform="pandas").fit(train[columns])
classifier = LogisticRegression().fit(scaler.transform(train[columns]), train["species"])
predicted = classifier.predict(scaler.transform(heldout[columns]))
second = production.log_version(name, "four columns", classifier, train, heldout, answers=predicted)
production.approve(name, second, "2026-11")
production.promote(name, second)
with mlflow.start_run(run_id=client.get_model_version(name, second).run_id):
    mlflow.sklearn.log_model(scaler, name="scaler", pip_requirements=production.packages())
