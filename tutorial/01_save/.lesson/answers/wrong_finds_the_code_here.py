"""your colleague has no"""

import os
import shutil
import sys
from pathlib import Path

import mlflow
import pandas as pd
import petal_features
import sklearn
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

path = Path(os.environ.get("LAB_OUTPUT", "output")).resolve() / "01_save" / "exercise"
if path.exists():
    shutil.rmtree(path)


class Species(mlflow.pyfunc.PythonModel):
    """Names the species of flowers by their petals."""

    def predict(self, context, model_input, params=None):
        """Return one number per flower."""
        sys.path.insert(0, self.code)
        import petal_features

        return self.classifier.predict(petal_features.add_petal_area(model_input))


X, y = load_iris(as_frame=True, return_X_y=True)
species = Species()
species.classifier = LogisticRegression(max_iter=1000).fit(petal_features.add_petal_area(X), y)
species.code = str(Path(petal_features.__file__).parent)
mlflow.pyfunc.save_model(
    path,
    python_model=species,
    pip_requirements=[f"scikit-learn=={sklearn.__version__}", f"pandas=={pd.__version__}"],
    metadata={"owner": "the garden", "purpose": "labels for the beds", "since": 2026},
)
