# %% [markdown]
"""
Promote with stages, as older projects do.

A stage is one of four labels that MLflow defines: None, Staging, Production and Archived. With stages,
one registered model has the versions of all environments. MLflow warns at each call that it will
remove stages, so use aliases in a new project.
"""

# %%
import os
import textwrap
import warnings

import mlflow
import sklearn
from mlflow import MlflowClient
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

# The lab's shell sets this variable to the address of its MLflow server.
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("04_registry")
client = MlflowClient()

# %% Register two versions; for stages it does not matter that both have the same model
iris = load_iris(as_frame=True)
species = iris.target.map(dict(enumerate(iris.target_names)))
with mlflow.start_run(run_name="deeper: stages") as run:
    model_info = mlflow.sklearn.log_model(
        LogisticRegression(max_iter=1000).fit(iris.data, species),
        name="model",
        input_example=iris.data.head(3),
        pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
    )
name = f"iris_stages_{run.info.run_id[:8]}"
client.create_registered_model(name)
for _ in ("1", "2"):
    client.create_model_version(
        name, model_info.model_uri, run_id=run.info.run_id, model_id=model_info.model_id
    )

# %% Promote version 1, then version 2, and roll back to version 1
moves = [
    ("1", "Staging"),
    ("1", "Production"),
    ("2", "Staging"),
    ("2", "Production"),
    ("1", "Production"),
]
print(f"{'move version':20}{'version 1':14}version 2")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for version, stage in moves:
        client.transition_model_version_stage(
            name, version, stage, archive_existing_versions=stage == "Production"
        )
        now = [client.get_model_version(name, number).current_stage for number in ("1", "2")]
        print(f"{f'{version} to {stage}':20}{now[0]:14}{now[1]}")

# %% MLflow's warning
assert [warning.category for warning in caught] == [FutureWarning] * len(moves)
message = str(caught[0].message).partition(" To learn more")[0]
print(f"\nMLflow warned {len(caught)} times:")
print(textwrap.indent(textwrap.fill(message, 96), "    "))

# %% This registered model was only for this script
client.delete_registered_model(name)
