# %% [markdown]
"""
Log a picture of the gate's decision to a run.

A picture shows at once which model passed, also to colleagues who do not read code. This script
trains the lesson's three models again, measures them, and logs the picture gate.png to a run.
"""

# %%
import os

import matplotlib.pyplot as plt
import mlflow
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

# The lab's shell sets this variable to the address of its MLflow server.
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("04_registry")

# %% The rows and the columns of the lesson
iris = load_iris(as_frame=True)
columns = list(iris.data.columns)
flowers = iris.data.assign(species=iris.target.map(dict(enumerate(iris.target_names))))
train, heldout = train_test_split(flowers, test_size=0.4, random_state=7, stratify=iris.target)
features = {
    "baseline\n(Ana)": columns[2:3],
    "challenger\n(Ben)": columns[:2],
    "challenger\n(Cleo)": columns[2:],
}

# %% Measure each model, and log one picture of all
accuracies = {}
with mlflow.start_run(run_name="gate picture"):
    for label, used in features.items():
        scaler = make_column_transformer((StandardScaler(), used))
        model = make_pipeline(scaler, LogisticRegression()).fit(train[columns], train["species"])
        accuracies[label] = model.score(heldout[columns], heldout["species"])
    limit = accuracies["baseline\n(Ana)"] + 0.01
    figure, axes = plt.subplots(layout="constrained")
    bars = axes.bar(accuracies.keys(), accuracies.values())
    axes.bar_label(bars, fmt="%.4f", label_type="center")
    axes.axhline(limit, color="black", ls="--", label="0.01 more than the baseline")
    axes.axhline(0.85, color="red", label="at least 0.85")
    axes.set(ylabel="accuracy on the held-out rows", ylim=(0, 1))
    figure.legend(loc="outside upper center", ncols=2)
    mlflow.log_figure(figure, "gate.png")

# %%
for label, value in accuracies.items():
    passed = "passes" if value >= max(0.85, limit) else "does not pass"
    print(f"{label.replace(chr(10), ' '):20}{value:.4f}  {passed}")
print("The run 'gate picture' has the artifact gate.png")
