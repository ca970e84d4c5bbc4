"""A package of the learner's own that lies elsewhere, and the format cloudpickle."""

import importlib
import os
import shutil
import sys
from pathlib import Path

import mlflow
import sklearn
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

folder = Path(os.environ.get("LAB_OUTPUT", "output")).resolve() / "01_save"
path, package = folder / "exercise", folder / "exercise_code" / "garden"
for old in (path, package):
    if old.exists():
        shutil.rmtree(old)
package.mkdir(parents=True)
(package / "__init__.py").write_text("")
(package / "petals.py").write_text("def only(flowers):\n    return flowers.iloc[:, 2:]\n")
sys.path.insert(0, str(package.parent))
petals = importlib.import_module("garden.petals")

iris = load_iris(as_frame=True)
X = iris.data
y = iris.target.map(dict(enumerate(iris.target_names)))
model = make_pipeline(FunctionTransformer(petals.only), RandomForestClassifier(random_state=0))
mlflow.sklearn.save_model(
    model.fit(X, y),
    path,
    serialization_format="cloudpickle",
    code_paths=[str(package)],
    pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
    metadata={"owner": {"name": "Ada", "room": 7}, "purpose": "a pilot"},
)
