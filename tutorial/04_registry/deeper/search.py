# %% [markdown]
"""
Find a model in all environments, for an audit.

Every copy of a version keeps the id of the run that logged the model. So one question about a run
finds the model in every environment, and the tags tell you what happened to it there.
"""

# %%
import os

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

# %% Register a version, as a gate would, and copy it to another environment
iris = load_iris(as_frame=True)
species = iris.target.map(dict(enumerate(iris.target_names)))
with mlflow.start_run(run_name="deeper: search") as run:
    model_info = mlflow.sklearn.log_model(
        LogisticRegression(max_iter=1000).fit(iris.data, species),
        name="model",
        input_example=iris.data.head(3),
        pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
    )
for name in ("iris_search_dev", "iris_search_prod"):
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name)
run_id = run.info.run_id
in_dev = client.create_model_version(
    "iris_search_dev",
    model_info.model_uri,
    run_id=run_id,
    model_id=model_info.model_id,
    tags={"author": "Cleo", "gate_run": run_id},
)
in_prod = client.copy_model_version(f"models:/iris_search_dev/{in_dev.version}", "iris_search_prod")
client.set_registered_model_alias("iris_search_prod", "champion", in_prod.version)
client.set_model_version_tag(
    "iris_search_prod", in_prod.version, "rolled_back", f"{run_id}: a drill"
)

# %% Filters that find it
for filter_string in (
    f"run_id = '{run_id}'",
    f"name = 'iris_search_dev' and tags.gate_run = '{run_id}'",
    f"name LIKE 'iris_search%' and tags.rolled_back LIKE '{run_id}%drill'",
):
    matches = client.search_model_versions(filter_string, order_by=["name ASC"])
    print(filter_string)
    print(f"  finds {', '.join(f'{match.name} version {match.version}' for match in matches)}")

# %% Filters that MLflow does not understand
for filter_string in ("aliases = 'champion'", "name = 'iris_dev' or name = 'iris_prod'"):
    try:
        client.search_model_versions(filter_string)
    except MlflowException as error:
        print(f"{filter_string}\n  {str(error).partition(' Valid keys')[0]}")

# %% Ask for one version by its number, and you also get its aliases
[match] = client.search_model_versions(f"run_id = '{run_id}' and name = 'iris_search_prod'")
version = client.get_model_version("iris_search_prod", in_prod.version)
print(
    f"aliases from search_model_versions: {match.aliases}, from get_model_version: {version.aliases}"
)
