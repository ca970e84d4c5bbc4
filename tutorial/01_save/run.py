# %% [markdown]
"""
# 01 Save a model to a folder

You have trained a model that names the species of an iris flower from four measurements. Your
colleague Ada wants to use it on her own computer. She cannot reach the server that kept your model
in lesson 00, so all she gets from you is a folder. What the model needs must be in it, or listed in
it for pip.

**You will be able to**

- save a scikit-learn model to a folder and say what its files are for,
- put Python code of your own into the folder if the model needs it,
- load a model in two ways, and check it before you load it.

**You need** [lesson 00](../00_start/README.md) and basic Python with scikit-learn. **Time**: 10
minutes to read, 10 for the exercise.
"""

# %% [markdown]
"""
## 1. Save the model

The model is a scikit-learn [pipeline](../words.md#pipeline): it scales the four measurements, then
it classifies the flower.
"""

# %%
import os
import shutil
import textwrap
from pathlib import Path

import mlflow
import pandas as pd
import petal_features
import sklearn
import skops.io
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

iris = load_iris(as_frame=True)
X = iris.data
y = iris.target.map(dict(enumerate(iris.target_names)))
model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)

# %% [markdown]
"""
`save_model` writes a model to a folder. `log_model` sends it to a server. Three of their arguments
tell Ada how to use the model:

- The [`signature`](../words.md#signature) contains the names and types of the columns that go in
  and come out. `infer_signature` reads them from your data.
- The [`input_example`](../words.md#input-example) is a few rows that show what to send.
- The [`pip_requirements`](../words.md#pip-requirements) are the packages to install.
"""

# %%
# The lab's shell sets LAB_OUTPUT to the folder for your files.
folder = Path(os.environ.get("LAB_OUTPUT", "output")).resolve() / "01_save"
# save_model refuses a folder that is not empty, so remove what an earlier run saved.
shutil.rmtree(folder / "model", ignore_errors=True)

# Without this list, MLflow would need seconds to find out what the model imports.
requirements = [f"scikit-learn=={sklearn.__version__}", f"pandas=={pd.__version__}"]
mlflow.sklearn.save_model(
    model,
    folder / "model",
    signature=infer_signature(X, y),
    input_example=X.head(2),
    pip_requirements=requirements,
)
print("Saved the folder 01_save/model")

# %% [markdown]
"""
## 2. Look inside the folder

One of the files is `model.skops`. It contains the pipeline itself. [skops](../words.md#skops) is a
file format that lists the Python types it contains, so you can check them before you load the file.
Pickle, Python's own format, does not allow this: a pickle is a small program, and loading it runs it.
"""

# %%
print("Files:", *sorted(file.name for file in (folder / "model").iterdir()), sep="\n  ")

info = mlflow.models.get_model_info(str(folder / "model"))
print("Input columns:")
for column in info.signature.inputs:
    print(f"  {column.name}: {column.type.name}")

# %% [markdown]
"""
`MLmodel` is the table of contents, and `get_model_info` reads only this file. The two files with
`example` in their names contain your two rows. The other three list the packages and the version of
Python. After *Your turn*, read a file in the lab's shell:

    cat "$LAB_OUTPUT/01_save/model/MLmodel"

## 3. Save a model with a function of your own

Petal area is a good feature. The function `add_petal_area` in the lesson's file
`petal_features.py` adds it as a column. Your second pipeline begins with this function.

**Predict:** the first pipeline contained only types of scikit-learn. Does MLflow save this one, too?
"""

# %%
area_model = make_pipeline(
    FunctionTransformer(petal_features.add_petal_area), StandardScaler(), LogisticRegression()
).fit(X, y)

shutil.rmtree(folder / "area_model", ignore_errors=True)
try:
    mlflow.sklearn.save_model(area_model, folder / "area_model", pip_requirements=requirements)
except MlflowException as error:
    print(textwrap.fill(str(error), width=90))

# %% [markdown]
"""
No. The last line says why: skops does not know your function. You do, so name it in
`skops_trusted_types`. MLflow writes this list to `MLmodel`, so Ada's MLflow trusts your function.

One problem is left. `model.skops` contains only the name of the function. The function itself is in
`petal_features.py`, which Ada does not have. The argument `code_paths` copies this file into the
model's folder. When MLflow loads the model, it makes the copy importable.
"""

# %%
# The refused save left a file behind.
shutil.rmtree(folder / "area_model")
mlflow.sklearn.save_model(
    area_model,
    folder / "area_model",
    signature=infer_signature(X, y),
    input_example=X.head(2),
    pip_requirements=requirements,
    skops_trusted_types=["petal_features.add_petal_area"],
    code_paths=[petal_features.__file__],
    metadata={"lesson": "01_save"},
)
print("Saved the folder 01_save/area_model")
print("Files in code/:", *(file.name for file in (folder / "area_model" / "code").iterdir()))
print("Metadata:", mlflow.models.get_model_info(str(folder / "area_model")).metadata)

# %% [markdown]
"""
The file is in the folder now. `metadata` is a dictionary of your own, which MLflow stores in
`MLmodel`.

If you forget `code_paths`, you do not notice it, because your own Python can import
`petal_features`. Ada's Python cannot.

## Your turn

The script `tutorial/01_save/exercise.py` saves the model with the petal area, but Ada cannot load
it. Change the script so that

1. Ada can load the model and predict with only the folder and its pip packages,
2. the metadata tells her who owns the model and what it is for, under the keys `owner` and
   `purpose`.

Save the script, and type in the lab's shell:

    python tutorial/01_save/exercise.py
    lab check 1

`lab watch 1` does both whenever you save.

You have passed when the check prints `01_save: passed`. For a hint:

    lab hint 1

## 4. Load the model in two ways

Now you are Ada, and the folder has arrived. A [flavor](../words.md#flavor) is a way to load a
model. This model has two. `mlflow.sklearn.load_model` uses the flavor `sklearn`, and
`mlflow.pyfunc.load_model` the flavor `python_function`. Both take a path or a `file:` URI.

**Predict:** a scikit-learn classifier has a method `predict_proba`, which returns probabilities.
Which of the two functions returns a model with this method? Or do both?
"""

# %%
flowers = X.iloc[[0, 60, 120]]

first = mlflow.sklearn.load_model(str(folder / "model"))
print("mlflow.sklearn loads a", type(first).__name__)
print("  prediction:", *first.predict(flowers))
print("  has predict_proba:", hasattr(first, "predict_proba"))

second = mlflow.pyfunc.load_model((folder / "model").as_uri())
print("mlflow.pyfunc loads a", type(second).__name__)
print("  prediction:", *second.predict(flowers))
print("  has predict_proba:", hasattr(second, "predict_proba"))

# %% [markdown]
"""
Only `mlflow.sklearn` does. It returns the pipeline itself, with all its methods.
[`mlflow.pyfunc`](../words.md#pyfunc) returns a wrapper, which looks the same for every library: you
call `predict`. It validates your input against the signature, as lesson 03 shows.

## 5. Look before you load

Ada trusts you, so she loads your model. If a folder comes from a stranger, look into it first.

**Predict:** skops can list the types that it does not know. What does it list for your first model,
which contains only scikit-learn's own classes?
"""

# %%
for name in ("model", "area_model"):
    flavor = mlflow.models.get_model_info(str(folder / name)).flavors["sklearn"]
    print(f"In 01_save/{name}:")
    print("  format:", flavor["serialization_format"])
    print("  files in code/:", [file.name for file in (folder / name / "code").rglob("*.*")])
    unknown_types = skops.io.get_untrusted_types(file=folder / name / "model.skops")
    print("  types that skops does not know:", unknown_types)

# %% [markdown]
"""
Nothing: skops knows the pipeline and its two steps. For the second model it lists your function.

Check these three things before you load a stranger's model with `mlflow.sklearn`:

- **The format.** If it is [`pickle` or `cloudpickle`](../words.md#pickle), loading it runs whatever its
  author wrote.
- **The types.** Look up each one that you do not know. MLflow trusts every type that `MLmodel`
  lists.
- **The code.** The model can import the files in `code/`, and importing runs them. Read them first.

## Go further

- `lab run 1 new_process` loads a model where your module cannot be imported.
- `lab run 1 unknown_types` saves a decision tree, which MLflow refuses at first.
- `lab run 1 stranger` loads a pickle that runs a program.
- `lab run 1 requirements` lists the packages in four ways, and measures the time.
- `lab run 1 no_overwrite` saves to a folder that is not empty.
- `lab run 1 dst_path` copies a model while loading it.

The [reference](REFERENCE.md) explains these scripts, the
[arguments of `save_model`](REFERENCE.md#arguments) and
[common errors](REFERENCE.md#when-it-goes-wrong).
"""
