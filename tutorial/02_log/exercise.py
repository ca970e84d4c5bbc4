# %% [markdown]
"""
Log three candidates, find the best one with a query, and register only that one.

Your turn: at the moment the scores are only on the screen, and all three candidates are registered.
Make two changes. First, log the score of each candidate as the metric test_accuracy. Second, find the
best candidate with a query after the loop, and register only that one, as iris_best.

You may try other candidates. Do not change how the flowers are split into X_train and X_test, so that
the scores stay comparable.

Then: lab check 2
"""

# %% Imports and the server
import os

import mlflow
import sklearn
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

# The lab's shell sets this variable to the address of its MLflow server.
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
experiment = mlflow.set_experiment("02_log_exercise")

# %% Delete what earlier attempts logged, or your query would find it, too
for run in mlflow.search_runs([experiment.experiment_id], output_format="list"):
    mlflow.delete_run(run.info.run_id)
for logged_model in mlflow.search_logged_models([experiment.experiment_id], output_format="list"):
    mlflow.MlflowClient().delete_logged_model(logged_model.model_id)

# %% The data
iris = load_iris(as_frame=True)
X = iris.data
y = iris.target.map(dict(enumerate(iris.target_names)))
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=7, stratify=y)

# %% Three candidates
for C in (0.01, 1.0, 3.0):
    model = make_pipeline(StandardScaler(), LogisticRegression(C=C)).fit(X_train, y_train)
    accuracy = model.score(X_test, y_test)
    print(f"C={C}: {accuracy:.3f}")
    with mlflow.start_run(run_name=f"C={C}"):
        mlflow.log_param("C", C)
        model_info = mlflow.sklearn.log_model(
            model,
            name="model",
            signature=infer_signature(X_train, y_train),
            pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
            registered_model_name="iris_best",
        )
