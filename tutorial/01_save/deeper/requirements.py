# %% [markdown]
"""
List the packages that a model needs, in four ways.

`pip_requirements` and `conda_env` are complete lists, which MLflow writes down at once. Without
them, MLflow loads the model in another process to see which packages it imports. That takes
seconds. It happens with `extra_pip_requirements`, too, because MLflow adds your packages to its own.
"""

# %%
import os
import shutil
import time
from pathlib import Path

import mlflow
import pandas as pd
import sklearn
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

iris = load_iris(as_frame=True)
y = iris.target.map(dict(enumerate(iris.target_names)))
model = make_pipeline(StandardScaler(), LogisticRegression()).fit(iris.data, y)

folder = Path(os.environ.get("LAB_OUTPUT", "output")).resolve() / "01_save" / "requirements"
shutil.rmtree(folder, ignore_errors=True)
packages = [f"scikit-learn=={sklearn.__version__}", f"pandas=={pd.__version__}"]
# The first save also imports what MLflow itself needs, so do not measure it.
mlflow.sklearn.save_model(model, folder / "first", pip_requirements=packages)

# %% Save the model with each argument, and without any
with_mlflow = [f"mlflow=={mlflow.__version__}", *packages]
conda_env = {
    "channels": ["conda-forge"],
    "dependencies": ["python=3.13", "pip", {"pip": with_mlflow}],
}
arguments = {
    "pip_requirements": {"pip_requirements": packages},
    "conda_env": {"conda_env": conda_env},
    "extra_pip_requirements": {"extra_pip_requirements": ["pyarrow"]},
    "none of them": {},
}
for name, argument in arguments.items():
    start = time.perf_counter()
    mlflow.sklearn.save_model(model, folder / name, **argument)
    seconds = time.perf_counter() - start
    lines = (folder / name / "requirements.txt").read_text().splitlines()
    print(f"{name:<22} {seconds:4.1f} s ", *(line.split("==")[0] for line in lines))

# %% You can give only one
try:
    mlflow.sklearn.save_model(
        model, folder / "two", pip_requirements=packages, extra_pip_requirements=["pyarrow"]
    )
except ValueError as error:
    print("refused:", error)
