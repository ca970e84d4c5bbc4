"""No module named 'petal_features'"""

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

# %% Make room for this attempt
path = Path(os.environ.get("LAB_OUTPUT", "output")).resolve() / "01_save" / "exercise"
if path.exists():
    shutil.rmtree(path)

# %% Train
X, y = load_iris(as_frame=True, return_X_y=True)
model = make_pipeline(
    FunctionTransformer(petal_features.add_petal_area), StandardScaler(), LogisticRegression()
)
model.fit(X, y)

# %% Save
mlflow.sklearn.save_model(
    model,
    path,
    signature=infer_signature(X, model.predict(X)),
    pip_requirements=[f"scikit-learn=={sklearn.__version__}", f"pandas=={pd.__version__}"],
    skops_trusted_types=["petal_features.add_petal_area"],
    metadata={"owner": "you@example.org", "purpose": "names the species of an iris"},
)
print(f"saved {path}")
