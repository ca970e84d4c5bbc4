# %% [markdown]
"""
How to log a picture after the run has ended: a calibration curve.

The curve shows whether you can believe the model's probabilities. Of the flowers to which the model
gives 0.7 for virginica, are 70% really virginicas? `MlflowClient.log_figure` takes a run's id, so
the run may have ended long ago.
"""

# %%
import os

import matplotlib.pyplot as plt
import mlflow
from sklearn.calibration import CalibrationDisplay
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("02_log")

iris = load_iris(as_frame=True)
X = iris.data
y = iris.target.map(dict(enumerate(iris.target_names)))
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=7, stratify=y)
model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X_train, y_train)

with mlflow.start_run(run_name="calibration") as run:
    mlflow.log_metric("test_accuracy", model.score(X_test, y_test))

# %% One curve for each species
figure, axes = plt.subplots()
for column, species in enumerate(model.classes_):
    probabilities = model.predict_proba(X_test)[:, column]
    curve = CalibrationDisplay.from_predictions(
        y_test == species, probabilities, n_bins=4, name=species, ax=axes
    )
    print(f"{species}: the model gives  ", *curve.prob_pred.round(2))
    print(f"{species}: the share is     ", *curve.prob_true.round(2))
axes.set(xlabel="Probability that the model gives", ylabel="Share of these flowers")

# %% The run has ended: the client takes its id
client = mlflow.MlflowClient()
client.log_figure(run.info.run_id, figure, "calibration_curve.png")
print("Artifacts:", *[file.path for file in client.list_artifacts(run.info.run_id)])
