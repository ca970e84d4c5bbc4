# %% [markdown]
"""
Delete a version and a registered model, and see what disappears and what stays.

MLflow does not ask whether anybody uses what you delete. A deleted version takes its alias and its
stage with it. The files of the model stay in the artifact store, because the logged model still
exists.
"""

# %%
import os
import warnings

import mlflow
import sklearn
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

# The lab's shell sets this variable to the address of its MLflow server.
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("04_registry")
client = MlflowClient()
# The script stages.py shows this warning.
warnings.filterwarnings("ignore", "(?s).*stages will be removed", FutureWarning)

# %% Register two versions, and copy the second one
iris = load_iris(as_frame=True)
species = iris.target.map(dict(enumerate(iris.target_names)))
model = LogisticRegression(max_iter=1000).fit(iris.data, species)
with mlflow.start_run(run_name="deeper: delete") as run:
    model_info = mlflow.sklearn.log_model(
        model,
        name="model",
        input_example=iris.data.head(3),
        pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
    )
name = f"iris_delete_{run.info.run_id[:8]}"
client.create_registered_model(name)
for _ in ("1", "2"):
    client.create_model_version(
        name, model_info.model_uri, run_id=run.info.run_id, model_id=model_info.model_id
    )
client.copy_model_version(f"models:/{name}/2", f"{name}_copy")
client.set_registered_model_alias(name, "champion", "2")
client.transition_model_version_stage(name, "2", "Production")


# %%
def try_to_load(uri):
    """Load a model from an address, and print what happens."""
    try:
        loaded = mlflow.pyfunc.load_model(uri)
        same = (loaded.predict(iris.data) == model.predict(iris.data)).all()
        print(f"  {uri}\n    loads, {'the same' if same else 'other'} predictions")
    except MlflowException as error:
        print(f"  {uri}\n    {error}")


# %%
client.delete_model_version(name, "2")
print("You deleted version 2, which was champion and in Production:")
for uri in (f"models:/{name}/2", f"models:/{name}@champion", f"models:/{name}/Production"):
    try_to_load(uri)

# %%
client.delete_registered_model(name)
print("You deleted the registered model:")
for uri in (f"models:/{name}/1", f"models:/{name}_copy/1", model_info.model_uri):
    try_to_load(uri)
client.delete_registered_model(f"{name}_copy")
