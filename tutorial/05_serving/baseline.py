# %% [markdown]
"""
Register the model that is in use when lesson 05 begins: a baseline that looks at one column only.

`lab run 5` and `lab serve 5` run this before they start the servers.
"""

# %%
import os

import mlflow
import sklearn
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

# The lab's shell sets this variable to the address of its MLflow server.
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("05_serving")

# %%
iris = load_iris(as_frame=True)
X = iris.data
y = iris.target.map(dict(enumerate(iris.target_names)))
# The other three columns are dropped.
petal_length = make_column_transformer(("passthrough", ["petal length (cm)"]))
baseline = make_pipeline(petal_length, LogisticRegression()).fit(X, y)

# %%
with mlflow.start_run(run_name="baseline"):
    model_info = mlflow.sklearn.log_model(
        baseline,
        name="model",
        signature=infer_signature(X, y),
        input_example=X.head(2),
        registered_model_name="iris_served",
        # Without this line MLflow looks for the packages itself, which takes seconds.
        pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
    )
version = model_info.registered_model_version
MlflowClient().set_registered_model_alias("iris_served", "champion", version)
print(f"models:/iris_served@champion is version {version}, the baseline")
