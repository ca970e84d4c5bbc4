# %% [markdown]
"""
Load a pickle that does something else.

A pickle is a small program that says: find this function, call it with these arguments. The program
in this script only calls `print`. It could just as well delete your files. MLflow decides by the
entry `serialization_format` in `MLmodel` how to load a model, whatever the file is called. So a
stranger can put a pickle into a file named `model.skops`.
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

# %% Be the stranger: save a harmless model, then change two of its files
folder = Path(os.environ.get("LAB_OUTPUT", "output")).resolve() / "01_save" / "stranger"
shutil.rmtree(folder, ignore_errors=True)
mlflow.sklearn.save_model(model, folder, pip_requirements=[f"scikit-learn=={sklearn.__version__}"])
text = (folder / "MLmodel").read_text()
text = text.replace("serialization_format: skops", "serialization_format: pickle")
(folder / "MLmodel").write_text(text)
program = b"cbuiltins\nprint\n(S'loading has run the program in the file'\ntR."
(folder / "model.skops").write_bytes(program)

# %% Look before you load: get_model_info reads only MLmodel
flavor = mlflow.models.get_model_info(str(folder)).flavors["sklearn"]
print("file:", flavor["pickled_model"])
print("format:", flavor["serialization_format"])

# %% With this setting, MLflow loads no scikit-learn model at all, not even skops
os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] = "false"
try:
    mlflow.sklearn.load_model(str(folder))
except MlflowException as error:
    # The rest of the message lists the formats that the setting concerns.
    print("refused:", str(error).split(" Loading")[0])

# %% Without the setting, MLflow loads it. You wrote the program, so here you may run it.
del os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"]
mlflow.sklearn.load_model(str(folder))
