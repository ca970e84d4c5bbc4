"""Register two versions. The training measured the second one with its scaler, but logged it without the scaler."""

import mlflow
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from lab.checks.flowers import COLUMNS
from lab.drilling import production

name = "drill_one_species"
client = production.connect(name)
train, heldout = production.flowers()
production.first_release(name, train, heldout)

# What is wrong: the scaler is not part of the registered model.
scaler = StandardScaler().set_output(transform="pandas").fit(train[COLUMNS])
classifier = LogisticRegression().fit(scaler.transform(train[COLUMNS]), train["species"])
predicted = classifier.predict(scaler.transform(heldout[COLUMNS]))
second = production.log_version(name, "four columns", classifier, train, heldout, predicted)
production.release(name, second, "2026-11")
with mlflow.start_run(run_id=client.get_model_version(name, second).run_id):
    mlflow.sklearn.log_model(scaler, name="scaler", pip_requirements=production.pinned_packages())
