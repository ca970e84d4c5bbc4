"""A class that this script defines: cloudpickle stores such a class in the model file."""

import os
import shutil
from pathlib import Path

import mlflow
import pandas as pd
import sklearn
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

path = Path(os.environ.get("LAB_OUTPUT", "output")).resolve() / "01_save" / "exercise"
if path.exists():
    shutil.rmtree(path)


class Species(mlflow.pyfunc.PythonModel):
    """Names the species of flowers by their petals."""

    def predict(self, context, model_input, params=None):
        """Return the species of each flower."""
        area = model_input["petal length (cm)"] * model_input["petal width (cm)"]
        return pd.Series(self.classifier.predict(area.to_frame("petal area (cm2)")))


iris = load_iris(as_frame=True)
X = iris.data
y = iris.target.map(dict(enumerate(iris.target_names)))
area = (X["petal length (cm)"] * X["petal width (cm)"]).to_frame("petal area (cm2)")
species = Species()
species.classifier = LogisticRegression().fit(area, y)
mlflow.pyfunc.save_model(
    path,
    python_model=species,
    input_example=X.head(2),
    pip_requirements=[f"scikit-learn=={sklearn.__version__}", f"pandas=={pd.__version__}"],
    metadata={"owner": "the garden", "purpose": "labels for the beds", "since": 2026},
)
