"""Check that the champion predicts well for new flowers, and that its run has an honest metric."""

import sys
from io import StringIO

import mlflow
import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException

from lab.checks.flowers import COLUMNS
from lab.checks.registry import server_is_away, start_check
from lab.drilling import judging, production

name = "drill_too_good"
client = start_check()
champion = judging.find_champion(client, name)
model = judging.load(champion)

# New flowers: rows of iris with small random differences.
new = pd.concat(production.flowers(), ignore_index=True).sample(90, random_state=2)
noise = np.random.default_rng(2).normal(0, 0.12, (90, 4))
new[COLUMNS] = (new[COLUMNS] + noise).round(2)
reached = judging.accuracy(model, champion, new.reset_index(drop=True))

run_id = champion.version.run_id
if not run_id:
    sys.exit(f"{champion} was not logged in a run, so its training rows are unknown.")
run = client.get_run(run_id)
logged = run.data.metrics.get("heldout_accuracy")
if logged is None:
    sys.exit(f"The run of {champion} has no metric heldout_accuracy.")
if reached < 0.9:
    sys.exit(
        f"{champion} predicts only {reached:.0%} of the check's new flowers correctly. The metric of its run is "
        f"{logged:.0%}.\nInes needs at least 90%."
    )
# The usual names for the context of a data set. Lessons 03 and 04 use the second name of each.
contexts = {
    "training": {"training", "train"},
    "evaluation": {"evaluation", "heldout", "eval", "test", "testing", "validation"},
}
datasets = run.inputs.dataset_inputs if run.inputs else []
logged_contexts = {
    tag.value.lower() for data in datasets for tag in data.tags if tag.key == "mlflow.data.context"
}
for context, names in contexts.items():
    if not names & logged_contexts:
        sys.exit(
            f"The run of {champion} has no data set for {context}.\n"
            f"Log both data sets: mlflow.log_input(dataset, context={context!r})"
        )


def logged_rows(file: str) -> pd.DataFrame:
    """Return the rows that the run logged in this file: four measurements and the species."""
    try:
        text = mlflow.artifacts.load_text(f"runs:/{run_id}/{file}")
        return pd.read_csv(StringIO(text))[[*COLUMNS, "species"]].round(6)
    except (MlflowException, OSError, ValueError, KeyError) as error:
        if server_is_away(error):
            raise
        sys.exit(
            f"The run of {champion} has no file {file} with the columns of week.csv.\n"
            f"Log the rows: mlflow.log_text(rows.to_csv(index=False), {file!r})"
        )


train = logged_rows(production.TRAIN_FILE)
heldout = logged_rows(production.HELDOUT_FILE)
known = set(train[COLUMNS].itertuples(index=False, name=None))
shared = sum(row in known for row in heldout[COLUMNS].itertuples(index=False, name=None))
# Two of the 150 iris flowers have the same measurements.
if shared > 1:
    sys.exit(
        f"{champion} is good, but the metric of its run does not show this, because training rows were used to measure "
        f"it. {shared} of the {len(heldout)} rows in {production.HELDOUT_FILE} are also in {production.TRAIN_FILE}.\n"
        "A model that has memorized its training rows would get the same metric."
    )
measured = judging.accuracy(model, champion, heldout)
if abs(logged - measured) > 0.005:
    sys.exit(
        f"The run of {champion} has the metric {logged:.1%}, but the model predicts {measured:.1%} of the rows in "
        f"the run's file {production.HELDOUT_FILE} correctly."
    )
print(f"ok  {champion} predicts {reached:.0%} of the check's new flowers correctly")
print(f"ok  its run has the metric {logged:.0%}, and the held-out rows confirm it")
print("ok  the held-out rows are not among the training rows")
