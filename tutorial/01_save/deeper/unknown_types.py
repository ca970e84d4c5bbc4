# %% [markdown]
"""
Save a decision tree, which skops does not accept at once.

skops knows most of scikit-learn's classes. It does not know the class that stores the nodes of a
tree, because a manipulated tree could crash Python. So MLflow refuses to save a tree, a forest or a
gradient boosting model until you name that class in `skops_trusted_types`.
"""

# %%
import os
import shutil
from pathlib import Path

import mlflow
import sklearn
from mlflow.exceptions import MlflowException
from sklearn.datasets import load_iris
from sklearn.tree import DecisionTreeClassifier

iris = load_iris(as_frame=True)
X = iris.data
y = iris.target.map(dict(enumerate(iris.target_names)))
tree = DecisionTreeClassifier(max_depth=3, random_state=0).fit(X, y)

folder = Path(os.environ.get("LAB_OUTPUT", "output")).resolve() / "01_save" / "unknown_types"
shutil.rmtree(folder, ignore_errors=True)
requirements = [f"scikit-learn=={sklearn.__version__}"]

# %% MLflow refuses, and leaves a file behind
try:
    mlflow.sklearn.save_model(tree, folder, pip_requirements=requirements)
except MlflowException as error:
    # The whole message has 15 lines. This line names the types.
    print("refused:", str(error).split("Root error: ")[1].splitlines()[0])
print("left behind:", *(file.name for file in folder.iterdir()))

# %% Because of that file, the next save to this folder would be refused, too
shutil.rmtree(folder)
mlflow.sklearn.save_model(
    tree,
    folder,
    pip_requirements=requirements,
    # You trained this tree a moment ago, so you can trust it.
    skops_trusted_types=["sklearn.tree._tree.Tree"],
)
loaded = mlflow.sklearn.load_model(str(folder))
print("saved and loaded; same predictions:", (loaded.predict(X) == tree.predict(X)).all())
