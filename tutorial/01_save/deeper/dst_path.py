# %% [markdown]
"""
Copy a model to another folder while loading it.

MLflow reads a model in a local folder where it is. If you give `dst_path`, MLflow copies the files
to a folder inside `dst_path` first and loads the copy. MLflow does not create `dst_path` itself.
"""

# %%
import os
import shutil
from pathlib import Path

import mlflow
import sklearn
from mlflow.exceptions import MlflowException
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

iris = load_iris(as_frame=True)
y = iris.target.map(dict(enumerate(iris.target_names)))
model = make_pipeline(StandardScaler(), LogisticRegression()).fit(iris.data, y)

folder = Path(os.environ.get("LAB_OUTPUT", "output")).resolve() / "01_save" / "dst_path"
shutil.rmtree(folder, ignore_errors=True)
path, copies = folder / "model", folder / "copies"
mlflow.sklearn.save_model(model, path, pip_requirements=[f"scikit-learn=={sklearn.__version__}"])

# %% The folder for the copy must exist
try:
    mlflow.pyfunc.load_model(str(path), dst_path=str(copies))
except MlflowException as error:
    print("refused:", str(error).partition("!")[0] + "!")

# %% Create it, and load again
copies.mkdir()
mlflow.pyfunc.load_model(str(path), dst_path=str(copies))
print("folders with an MLmodel:")
for file in sorted(folder.rglob("MLmodel")):
    print(" ", file.parent.relative_to(folder))
