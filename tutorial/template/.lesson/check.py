"""Check lesson 00's exercise: ask for the model as a colleague who has nothing but its address."""

# %% What it takes
import os
import sys

import mlflow
import pandas as pd
from mlflow import MlflowClient

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
client = MlflowClient()
name, run_it = "iris_template_mine", "python tutorial/00_template/exercise.py"

# %% The latest attempt
found = client.search_registered_models(f"name = '{name}'")
versions = found[0].latest_versions if found else []
if not versions:
    sys.exit(f"There is no version of {name}. Run your exercise first: {run_it}")
version = max(versions, key=lambda version: int(version.version)).version
champion = found[0].aliases.get("champion")
if champion != version:
    sys.exit(
        f"Of {name} the alias champion is on {f'version {champion}' if champion else 'no version'}, "
        f"expected on version {version}, the latest.\n"
        f"Let your script set it on the version that it has just registered: {run_it}"
    )

# %% Loaded by its address
uri = f"models:/{name}@champion"
try:
    model = mlflow.pyfunc.load_model(uri)
except (Exception, SystemExit) as error:
    sys.exit(f"{uri} cannot be loaded: {str(error)[:300]}\nMend that, then {run_it}")
if model.metadata.signature is None:
    sys.exit(f"{uri} has no signature, so MLflow refuses nothing.\nGive it one, then {run_it}")

# %% Flowers that nobody can take for another species: three of each
flowers = pd.DataFrame(
    [
        [5.1, 3.6, 1.4, 0.2],
        [4.9, 3.2, 1.5, 0.2],
        [5.3, 3.8, 1.5, 0.3],
        [5.8, 2.7, 4.1, 1.2],
        [5.6, 2.6, 3.9, 1.2],
        [6.2, 2.8, 4.3, 1.3],
        [6.8, 3.1, 5.7, 2.2],
        [6.5, 3.0, 5.8, 2.2],
        [7.2, 3.2, 6.0, 2.3],
    ],
    columns=["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"],
)
try:
    answers = list(model.predict(flowers))
except (Exception, SystemExit) as error:
    sys.exit(f"{uri} cannot answer for nine flowers: {str(error)[-300:]}\nMend it, then {run_it}")
right = sum(said == flower // 3 for flower, said in enumerate(answers))
if right < len(flowers):
    sys.exit(
        f"{uri} names {right} of 9 flowers right: {answers}.\n"
        f"Train it on iris's own species, then {run_it}"
    )
try:
    model.predict(flowers.drop(columns="petal width (cm)"))
except Exception as error:
    refusal = str(error).rpartition("Error: ")[2]
else:
    sys.exit(f"{uri} answers without a column.\nLet its signature name all four, then {run_it}")

# %% What was proven
print(f"ok  {uri} is version {version}, your latest")
print("ok  names the species of nine flowers of ours")
print(f"ok  refuses a column too few: {refusal}")
