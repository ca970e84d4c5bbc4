# %% [markdown]
"""
Solution: hand a model over to a colleague as a folder.

Your turn: your colleague Ada gets the folder that this script saves, and nothing else. She cannot
import petal_features on her computer. Change the call of save_model so that

1. Ada can load the model and predict: the four columns of iris go in, the names of the species come
   out,
2. the metadata tells her who owns the model and what it is for, under the keys owner and purpose.

Then: lab check 1
"""

# %% Imports
import os
import shutil
from pathlib import Path

import mlflow
import pandas as pd
import petal_features
import sklearn
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

# %% Remove what an earlier run saved
path = Path(os.environ.get("LAB_OUTPUT", "output")).resolve() / "01_save" / "exercise"
shutil.rmtree(path, ignore_errors=True)

# %% Train
iris = load_iris(as_frame=True)
X = iris.data
y = iris.target.map(dict(enumerate(iris.target_names)))
model = make_pipeline(
    FunctionTransformer(petal_features.add_petal_area), StandardScaler(), LogisticRegression()
)
model.fit(X, y)

# %% Save
mlflow.sklearn.save_model(
    model,
    path,
    signature=infer_signature(X, y),
    pip_requirements=[f"scikit-learn=={sklearn.__version__}", f"pandas=={pd.__version__}"],
    skops_trusted_types=["petal_features.add_petal_area"],
    # model.skops contains only the name of the function. This adds the file with the function.
    code_paths=[petal_features.__file__],
    metadata={"owner": "you@example.org", "purpose": "names the species of an iris"},
)
print("Saved the folder 01_save/exercise")
