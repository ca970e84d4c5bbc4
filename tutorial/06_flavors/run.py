# %% [markdown]
"""
# 06 One API, four frameworks

Every night, a program of yours names the species of new flowers. Ana and Ben each offer you a model
for it. You want to try both without changing the program. But Ana trained hers with scikit-learn,
like all models so far, and Ben trained his with XGBoost.

**You will be able to**

- log models of different frameworks with the same call, and load them with the same line,
- say what differs between frameworks,
- write a model of your own that answers in the form that you need.

**You need** lesson 03 and basic Python. **Time**: 10 minutes to read, 10 for the exercise.
"""

# %% [markdown]
"""
## 1. Log two models with the same call

A **framework** is a library that trains models, such as scikit-learn or XGBoost. MLflow has
[flavors](../words.md#flavor) for many frameworks. Each has a module that saves and loads its kind of
model, and all these modules have the same functions. First train the two models on the same flowers.
"""

# %%
import os
from importlib.metadata import packages_distributions, version

import mlflow
import pandas as pd
from mlflow import MlflowClient
from mlflow.models import infer_signature
from mlflow.pyfunc import PythonModel
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier

# The lab's shell sets this variable to the address of its MLflow server.
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("06_flavors")

# %%
iris = load_iris(as_frame=True)
X, numbers = iris.data, iris.target
species = numbers.map(dict(enumerate(iris.target_names))).rename("species")

logistic = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, species)
# XGBoost accepts only numbers as classes: 0, 1 and 2.
boosted = XGBClassifier(n_estimators=30, max_depth=2).fit(X, numbers)

# Without a list of packages, MLflow would need seconds to find out what the model imports.
sklearn_packages = [f"scikit-learn=={version('scikit-learn')}"]
# The package is called xgboost-cpu or xgboost. XGBClassifier needs scikit-learn, too.
xgboost_name = packages_distributions()["xgboost"][0]
xgboost_packages = [f"{xgboost_name}=={version(xgboost_name)}", *sklearn_packages]

# %% [markdown]
"""
Then log each model with its flavor, register it, and make it the [champion](../words.md#champion).
The two calls of `log_model` have the same arguments.
"""

# %%
with mlflow.start_run(run_name="model by Ana"):
    logistic_info = mlflow.sklearn.log_model(
        logistic,
        name="model",
        signature=infer_signature(X, species),
        pip_requirements=sklearn_packages,
        registered_model_name="iris_logistic",
    )
with mlflow.start_run(run_name="model by Ben"):
    boosted_info = mlflow.xgboost.log_model(
        boosted,
        name="model",
        signature=infer_signature(X, boosted.predict(X)),
        pip_requirements=xgboost_packages,
        registered_model_name="iris_boosted",
    )
client = MlflowClient()
for name, info in {"iris_logistic": logistic_info, "iris_boosted": boosted_info}.items():
    client.set_registered_model_alias(name, "champion", info.registered_model_version)
    print(f"{name} version {info.registered_model_version} is the champion.")

# %% [markdown]
"""
## 2. Load both with the same line

Your program uses `mlflow.pyfunc.load_model`. It finds the name of the flavor in the model's files.
So your program does not have to mention XGBoost.

**Predict:** you send the same three flowers to both models. Do both answer in the same form?
"""

# %%
flowers = X.iloc[[0, 70, 149]]
for name in ("iris_logistic", "iris_boosted"):
    model = mlflow.pyfunc.load_model(f"models:/{name}@champion")
    print(f"{name} answers {model.predict(flowers).tolist()}")
    print(f"  output in its signature: {model.metadata.signature.outputs}")

# %% [markdown]
"""
The call is the same, but the answers are not: one model answers names, the other one numbers. The
[signature](../words.md#signature) tells you before you call: `string` or `int64`. A `Tensor` is an
array, and `-1` stands for any number of rows.

Number 1 is versicolor, so the models disagree about the second flower. Are they unsure? `predict`
does not say.

## 3. See what each flavor adds

If you know the framework, you can use the **native loader**: `load_model` of the model's own flavor.
It returns the object that Ana or Ben trained, with all its methods.
"""

# %%
for info, flavor in ((logistic_info, mlflow.sklearn), (boosted_info, mlflow.xgboost)):
    native = flavor.load_model(info.model_uri)
    files = [file.path for file in client.list_logged_model_artifacts(info.model_id)]
    requirements = mlflow.artifacts.load_text(f"{info.artifact_path}/requirements.txt")
    packages = [line.partition("==")[0] for line in requirements.splitlines()]
    print(f"{flavor.__name__}.load_model returns: {type(native).__name__}")
    print(f"  probabilities for the second flower: {native.predict_proba(flowers)[1].round(2)}")
    print(f"  files: {', '.join(files)}")
    print(f"  packages: {', '.join(packages)}")

model = mlflow.pyfunc.load_model(boosted_info.model_uri)
print("The model from pyfunc has predict_proba:", hasattr(model, "predict_proba"))

# %% [markdown]
"""
Both models are unsure: their highest probability is only about 0.5. But only the native loader gives
you `predict_proba`, and to use this loader your program must know the framework.

In the two lists of files, only the trained model has another name:
scikit-learn's is a [skops](../words.md#skops) file, and XGBoost's has a format of its own. With either loader,
you need the model's packages.

## 4. Write a model of your own

Ben wants his model to answer names, and to show the probability if a caller asks for it. A class of
his own can do that: a `PythonModel` with a method `predict`. MLflow calls it with the rows,
`model_input`, and with the **parameters** that a caller may set, `params`. You can ignore `context`.
"""


# %%
class NamedSpecies(PythonModel):
    """A classifier that answers names, and its probability if a caller asks for it."""

    def __init__(self, classifier, names):
        """Keep what predict needs. MLflow saves it with the model."""
        self.classifier = classifier
        self.names = names

    # MLflow reads the type hint of model_input: this model takes a DataFrame.
    def predict(self, context, model_input: pd.DataFrame, params=None):
        """Return one answer for each row."""
        probabilities = self.classifier.predict_proba(model_input)
        # argmax gives the number of the class with the highest probability.
        answers = self.names[probabilities.argmax(axis=1)]
        # If a caller gives no params, MLflow passes the defaults in the signature.
        if params["show_probability"]:
            highest = probabilities.max(axis=1)
            answers = [f"{name} {p:.0%}" for name, p in zip(answers, highest, strict=True)]
        return answers


# %% [markdown]
"""
Ben logs an object of this class as the next version of `iris_boosted`. The signature declares the
parameter and its default. Then the line from step 2 loads both models again.
"""

# %%
with mlflow.start_run(run_name="model by Ben, with names"):
    named_info = mlflow.pyfunc.log_model(
        name="model",
        python_model=NamedSpecies(boosted, iris.target_names),
        signature=infer_signature(X, species, params={"show_probability": False}),
        # Two rows that show callers what to send.
        input_example=X.head(2),
        pip_requirements=xgboost_packages,
        registered_model_name="iris_boosted",
    )
number = named_info.registered_model_version
client.set_registered_model_alias("iris_boosted", "champion", number)

for name in ("iris_logistic", "iris_boosted"):
    model = mlflow.pyfunc.load_model(f"models:/{name}@champion")
    print(f"{name} answers {', '.join(model.predict(flowers))}")
answers = model.predict(flowers, params={"show_probability": True})
print(f"iris_boosted with the parameter answers {', '.join(answers)}")

# %% [markdown]
"""
Now both models answer names, through the same line.

About the warning: MLflow stores such an object with cloudpickle, and loading it can run any code.
Load such a model only if you trust its author, as in [lesson 01](../01_save/README.md).

## Your turn

In `tutorial/06_flavors/exercise.py`, an XGBoost model answers numbers and never says that it is
unsure. Write a `PythonModel` around it, so that `models:/iris_sure@champion`

1. answers "setosa", "versicolor" or "virginica",
2. answers "unsure" if its highest probability is below the parameter `at_least`, which is 0.8 by
   default.

Before you change it, run it once. MLflow warns that it ignores `at_least`, because the signature has
no parameters:

    python tutorial/06_flavors/exercise.py

When you have changed it, run it again, and check it:

    lab check 6

You have passed when the answer begins with `06_flavors: passed`. If you are stuck, type:

    lab hint 6

## 5. One more thing: columns or a tensor

PyTorch and TensorFlow train on arrays, which have no column names. A signature that you infer from
an array describes a tensor: a type and a shape. You can see the effect with scikit-learn:
"""

# %%
array = X.to_numpy("float32")
with mlflow.start_run(run_name="a model with a tensor"):
    tensor_info = mlflow.sklearn.log_model(
        make_pipeline(StandardScaler(), LogisticRegression()).fit(array, species),
        name="model",
        signature=infer_signature(array, species),
        pip_requirements=sklearn_packages,
        metadata={"columns": list(X.columns)},
    )
print("A signature with columns:", *logistic_info.signature.inputs, sep="\n  ")
print("A signature with a tensor:", *tensor_info.signature.inputs, sep="\n  ")

# %% [markdown]
"""
**Predict:** a table has the right four columns, but in another order. What does each model answer?
"""

# %%
other_order = flowers[X.columns[::-1]].astype("float32")
model = mlflow.pyfunc.load_model(logistic_info.model_uri)
print("with columns:                    ", model.predict(other_order).tolist())
model = mlflow.pyfunc.load_model(tensor_info.model_uri)
print("with a tensor:                   ", model.predict(other_order).tolist())
recorded = model.metadata.metadata["columns"]
print("with a tensor, in recorded order:", model.predict(other_order[recorded]).tolist())

# %% [markdown]
"""
Columns have names, so MLflow puts them into the right order. A tensor has no names: the model
answers wrong, and nothing warns you. So record the order in `metadata`, and use it before you call
the model.

## 6. Add PyTorch and TensorFlow

`score.py` is a program for models of any framework. It understands names, numbers and lists of
scores, and it uses the recorded order of the columns:

```console
$ python examples/06_flavors/score.py models:/iris_logistic@champion models:/iris_boosted@champion
                                 row 0   row 1       row 2       row 3      row 4      row 5
models:/iris_logistic@champion  setosa  setosa  versicolor   virginica  virginica  virginica
models:/iris_boosted@champion   setosa  setosa  versicolor  versicolor  virginica  virginica
2 models agree on 5 of 6 rows
```

Four more examples log one model each, with four frameworks. They differ only in their imports and in
the cell that trains the model. Compare two of them:

    diff examples/06_flavors/log_sklearn.py examples/06_flavors/log_pytorch.py

The lab does not have PyTorch and TensorFlow yet, because they are large. If you have 3 GB to spare,
open another terminal in the lab's folder and type:

    make lesson-06

This [installs both if possible](REFERENCE.md#install-pytorch-and-tensorflow), and then runs the
lesson with all its examples.

## Go further

- `lab run 6 two_models`: a model that combines two others, logged from a file.
- [Why a file is safer than an object](REFERENCE.md#log-an-object-or-a-file).
- [What differs between the four frameworks](REFERENCE.md#what-differs), in one table.
- [Parameters](REFERENCE.md#parameters): what MLflow checks and what it ignores.
- [The errors that people meet](REFERENCE.md#when-it-goes-wrong).
"""
