# %% [markdown]
"""
Save a model to a folder with save_model, look inside, and load it back.

What to look at: this needs no server. The folder is the whole model, with the code it needs, so a
process that cannot import that code can still load the model. MLflow refuses three saves and a load
on purpose: read its messages, and how the lesson fixes each.
"""

# %% Imports
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import mlflow
import pandas as pd
import petal_features
import sklearn
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier

# %% Train a model whose first step is a function of our own
X, y = load_iris(as_frame=True, return_X_y=True)
model = make_pipeline(
    FunctionTransformer(petal_features.add_petal_area), StandardScaler(), LogisticRegression()
)
model.fit(X, y)

# %% Make room
# save_model never overwrites, so a second run has to remove what the first one saved.
folder = Path(os.environ.get("LAB_OUTPUT", "output")).resolve() / "01_save"
for name in ("model", "copy", "no_code", "requirements", "tree", "stranger"):
    if (folder / name).exists():
        shutil.rmtree(folder / name)

# %% Save
path = folder / "model"
requirements = [f"scikit-learn=={sklearn.__version__}", f"pandas=={pd.__version__}"]
mlflow.sklearn.save_model(
    model,
    path,
    signature=infer_signature(X, model.predict(X)),
    input_example=X.head(2),
    pip_requirements=requirements,
    code_paths=[petal_features.__file__],
    # MLflow asks us to trust each function or class that skops does not know. This one is ours.
    skops_trusted_types=["petal_features.add_petal_area"],
    metadata={"lesson": "01_save"},
)
print(f"save_model made {path}")
files = sorted(file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file())
print("\n".join(f"  {file}" for file in files))
assert "code/petal_features.py" in files

# %% Read MLmodel, the file that says what the others are
info = mlflow.models.get_model_info(str(path))
print("\nMLmodel")
for flavor, settings in info.flavors.items():
    print(f"  flavor {flavor}")
    for key in ("loader_module", "model_path", "pickled_model", "serialization_format", "code"):
        if key in settings:
            print(f"    {key}: {settings[key]}")
print(f"  signature: {info.signature.inputs.input_types()} -> {info.signature.outputs}")
print(f"  metadata: {info.metadata}")
print(f"  run_id: {info.run_id}, model_id: {info.model_id}")
assert set(info.flavors) == {"python_function", "sklearn"}
assert info.run_id is None and info.model_id is None

# %% Load: two ways to write the address, two flavors
expected = model.predict(X)
print("\nLoad")
for uri in (str(path), path.as_uri()):
    native = mlflow.sklearn.load_model(uri)
    generic = mlflow.pyfunc.load_model(uri)
    assert (native.predict(X) == expected).all() and (generic.predict(X) == expected).all()
    print(f"  {uri}")
    print(f"    mlflow.sklearn gives {type(native).__name__}, with predict_proba")
    print(f"    mlflow.pyfunc  gives {type(generic).__name__}, with predict and the signature")
assert hasattr(native, "predict_proba") and not hasattr(generic, "predict_proba")

# With dst_path the files are copied first. The folder must be there: MLflow does not make it.
(folder / "copy").mkdir()
mlflow.pyfunc.load_model(path.as_uri(), dst_path=str(folder / "copy"))
assert (folder / "copy" / "model" / "MLmodel").exists()
print("  with dst_path=copy the files are now in copy/model as well")

# %% Load where petal_features cannot be imported
mlflow.sklearn.save_model(
    model,
    folder / "no_code",
    pip_requirements=requirements,
    skops_trusted_types=["petal_features.add_petal_area"],
)
# This process has already imported the module, so we need a new process to find out.
script = """
import importlib.util, mlflow
print("  can import petal_features:", importlib.util.find_spec("petal_features") is not None)
flowers = mlflow.models.Model.load("model").load_input_example("model")
for name in ("no_code", "model"):
    try:
        print(f"  {name}: predicts", mlflow.pyfunc.load_model(name).predict(flowers).tolist())
    except ModuleNotFoundError as error:
        print(f"  {name}: ModuleNotFoundError: {error}")
"""
command = [sys.executable, "-c", script]
output = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, check=True).stdout
print(f"\nIn a new process, in another folder\n{output}", end="")
assert "can import petal_features: False" in output
assert "no_code: ModuleNotFoundError" in output
assert "model: predicts [0, 0]" in output

# %% Save again, to the same folder
error_message = None
try:
    mlflow.sklearn.save_model(model, path, pip_requirements=requirements)
except MlflowException as error:
    error_message = error.message
print(f"\nSave onto a folder that is not empty\n  {error_message}")
assert "already exists and is not empty" in error_message

# %% Say which packages the model needs: three ways, one at a time
plain = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
packages = [f"mlflow=={mlflow.__version__}", *requirements]
conda_env = {
    "channels": ["conda-forge"],
    "dependencies": ["python=3.13", "pip", {"pip": packages}],
}
print("\nRequirements")
for argument, value in {
    "pip_requirements": requirements,
    "conda_env": conda_env,
    "extra_pip_requirements": ["pyarrow"],
}.items():
    start = time.perf_counter()
    mlflow.sklearn.save_model(plain, folder / "requirements" / argument, **{argument: value})
    seconds = time.perf_counter() - start
    lines = (folder / "requirements" / argument / "requirements.txt").read_text().splitlines()
    names = [line.split("==")[0] for line in lines]
    print(f"  {argument:<22} {seconds:4.1f} s  {' '.join(names)}")
assert {"pyarrow", "skops"} <= set(names)

error_message = None
try:
    mlflow.sklearn.save_model(
        plain,
        folder / "requirements" / "two",
        pip_requirements=requirements,
        extra_pip_requirements=["pyarrow"],
    )
except ValueError as error:
    error_message = str(error)
print(f"  two of them:\n    {error_message}")
assert error_message.startswith("Only one of")

# %% Save a model that holds a type skops does not know
tree = DecisionTreeClassifier(max_depth=3, random_state=0).fit(X, y)
error_message = None
try:
    mlflow.sklearn.save_model(tree, folder / "tree", pip_requirements=requirements)
except MlflowException as error:
    error_message = error.message
print("\nA decision tree")
print(f"  {error_message.split('Root error: ')[1].splitlines()[0]}")
print(f"  left behind: {[file.name for file in (folder / 'tree').iterdir()]}")

# The failed attempt left a file, so MLflow would refuse the next attempt as "not empty".
shutil.rmtree(folder / "tree")
mlflow.sklearn.save_model(
    tree,
    folder / "tree",
    pip_requirements=requirements,
    # Read the list before you copy it here. We trained this tree a moment ago, so we can trust it.
    skops_trusted_types=["sklearn.tree._tree.Tree"],
)
assert (mlflow.sklearn.load_model(str(folder / "tree")).predict(X) == tree.predict(X)).all()
print("  saved and loaded, once its type is named in skops_trusted_types")

# %% Do not load a stranger's pickle
# A pickle is a small program: look up this function, call it with that. Here only print. load_model
# asks MLmodel for the format, so two changed files make such a program of a model that was skops.
stranger = folder / "stranger"
shutil.copytree(folder / "requirements" / "pip_requirements", stranger)
text = (stranger / "MLmodel").read_text()
text = text.replace("serialization_format: skops", "serialization_format: pickle")
(stranger / "MLmodel").write_text(text)
program = b"cbuiltins\nprint\n(S'  this line was printed by load_model'\ntR."
(stranger / "model.skops").write_bytes(program)

# This reads MLmodel and loads nothing.
flavor = mlflow.models.get_model_info(str(stranger)).flavors["sklearn"]
print("\nA stranger's model")
print(f"  its format is {flavor['serialization_format']}")

# With this setting MLflow loads no scikit-learn model; without it, it loads any.
os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] = "false"
error_message = None
try:
    mlflow.sklearn.load_model(str(stranger))
except MlflowException as error:
    error_message = error.message
print(f"  {error_message.split(' Loading')[0]}")
assert error_message.startswith("Deserializing this model is disallowed")

# We wrote the program ourselves, so here it may run.
del os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"]
mlflow.sklearn.load_model(str(stranger))
