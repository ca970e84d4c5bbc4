# %% [markdown]
"""
Load a model where your module cannot be imported.

This script saves the lesson's second model twice, with and without `code_paths`. Then it starts a
new Python in another folder, as your colleague would. That Python has never imported
`petal_features` and cannot find it. Only the model that was saved with `code_paths` loads there.
"""

# %%
import os
import shutil
import subprocess
import sys
from pathlib import Path

import mlflow
import pandas as pd
import sklearn
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

# petal_features.py is in the lesson's folder, one above this script's.
sys.path.append(str(Path(__file__).resolve().parents[1]))
import petal_features

iris = load_iris(as_frame=True)
X = iris.data
y = iris.target.map(dict(enumerate(iris.target_names)))
area_model = make_pipeline(
    FunctionTransformer(petal_features.add_petal_area), StandardScaler(), LogisticRegression()
).fit(X, y)

# %% Save the model twice
folder = Path(os.environ.get("LAB_OUTPUT", "output")).resolve() / "01_save" / "new_process"
shutil.rmtree(folder, ignore_errors=True)
for name, code_paths in {"without_code": None, "with_code": [petal_features.__file__]}.items():
    mlflow.sklearn.save_model(
        area_model,
        folder / name,
        input_example=X.head(2),
        pip_requirements=[f"scikit-learn=={sklearn.__version__}", f"pandas=={pd.__version__}"],
        skops_trusted_types=["petal_features.add_petal_area"],
        code_paths=code_paths,
    )

# %% Load both in a new Python, in the folder that contains them
colleague = """
import importlib.util
import mlflow

print("can import petal_features:", importlib.util.find_spec("petal_features") is not None)
flowers = mlflow.models.Model.load("with_code").load_input_example("with_code")
for name in ("without_code", "with_code"):
    try:
        print(f"{name}: predicts", *mlflow.pyfunc.load_model(name).predict(flowers))
    except ModuleNotFoundError as error:
        print(f"{name}: ModuleNotFoundError: {error}")
"""
# sys.executable is the Python that runs this script. Print what the other Python prints.
command = [sys.executable, "-c", colleague]
process = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, check=True)
print(process.stdout, end="")
