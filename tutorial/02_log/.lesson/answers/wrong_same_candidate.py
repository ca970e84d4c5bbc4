"""are only 1 different"""

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

# Without an address MLflow would quietly write to a file mlflow.db in this folder.
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
ours = [mlflow.set_experiment("02_log_exercise").experiment_id]

# %% Make room: a query would find the candidates of an earlier attempt as well
client = mlflow.MlflowClient()
for run in client.search_runs(ours):
    client.delete_run(run.info.run_id)
for model in mlflow.search_logged_models(experiment_ids=ours, output_format="list"):
    client.delete_logged_model(model.model_id)

# %% The data
X, y = load_iris(as_frame=True, return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=7, stratify=y)

# %% Three candidates
for C in (0.01, 1.0, 3.0):
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X_train, y_train)
    accuracy = model.score(X_test, y_test)
    print(f"C={C}: {accuracy:.3f}")
    with mlflow.start_run(run_name=f"C={C}"):
        info = mlflow.sklearn.log_model(
            model,
            name="model",
            signature=infer_signature(X_train, model.predict(X_train)),
            pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
        )
        mlflow.log_metric("test_accuracy", accuracy, model_id=info.model_id)

# %% Register the best
# Asked of the server, not of a variable: so the winner is who the numbers say it is.
(best,) = mlflow.search_logged_models(
    experiment_ids=ours,
    order_by=[{"field_name": "metrics.test_accuracy", "ascending": False}],
    max_results=1,
    output_format="list",
)
mlflow.register_model(best.model_uri, "iris_best")
