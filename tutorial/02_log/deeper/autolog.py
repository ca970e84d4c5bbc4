# %% [markdown]
"""
What autolog logs, and why a run may have two models.

After `mlflow.sklearn.autolog()` each `fit` in a run logs parameters, metrics and the model by
itself. This script calls `log_model` as well and looks at what the run has then. Afterwards it
switches off only the models of autolog.
"""

# %%
import os
import warnings

import mlflow
import sklearn
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("02_log")
# MLflow calls scikit-learn with the old name of an argument. You cannot change that.
warnings.filterwarnings("ignore", message="`y_pred` was renamed", category=FutureWarning)

iris = load_iris(as_frame=True)
X = iris.data
y = iris.target.map(dict(enumerate(iris.target_names)))
requirements = [f"scikit-learn=={sklearn.__version__}"]


def show(run_id):
    """Print how much a run has recorded, and each of its models with its file format."""
    run = mlflow.get_run(run_id)
    print(" ", len(run.data.params), "parameters and", len(run.data.metrics), "metrics")
    uris = [f"models:/{output.model_id}" for output in run.outputs.model_outputs]
    for details in sorted(map(mlflow.models.get_model_info, uris), key=lambda model: model.name):
        file_format = details.flavors["sklearn"]["serialization_format"]
        print(f"  model {details.name}: format {file_format}")


# %%
mlflow.sklearn.autolog()
with mlflow.start_run(run_name="autolog") as run:
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    mlflow.sklearn.log_model(model, name="yours", pip_requirements=requirements)
print("autolog() and log_model")
show(run.info.run_id)

# %%
mlflow.sklearn.autolog(log_models=False)
with mlflow.start_run(run_name="autolog without models") as run:
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    mlflow.sklearn.log_model(model, name="yours", pip_requirements=requirements)
print("autolog(log_models=False) and log_model")
show(run.info.run_id)

# %%
# In a notebook, autolog would stay on for the cells that follow.
mlflow.sklearn.autolog(disable=True)
