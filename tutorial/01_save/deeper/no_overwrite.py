# %% [markdown]
"""
Save to a folder that is not empty.

`save_model` never overwrites: it refuses any folder that contains a file. The model that was there
stays as it was. To save again, remove the folder or choose another one.
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

folder = Path(os.environ.get("LAB_OUTPUT", "output")).resolve() / "01_save" / "no_overwrite"
shutil.rmtree(folder, ignore_errors=True)
requirements = [f"scikit-learn=={sklearn.__version__}"]

# %% Save, and save again
for attempt in ("first", "second"):
    try:
        mlflow.sklearn.save_model(model, folder, pip_requirements=requirements)
        print(attempt, "save: done")
    except MlflowException as error:
        print(attempt, "save:", error)

# %% The first model is still there
print("loaded:", type(mlflow.sklearn.load_model(str(folder))).__name__)

# %% After the folder is removed, the save works
shutil.rmtree(folder)
mlflow.sklearn.save_model(model, folder, pip_requirements=requirements)
print("third save, to a new folder: done")
