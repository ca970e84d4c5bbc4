# %% [markdown]
"""
Where a model's signature comes from, and what a model without a signature accepts.

Three models get their signature in three ways: from `infer_signature`, from an input example, and
not at all. Each is then sent two mistakes: a renamed column, and text in place of numbers.
"""

# %%
import os
import textwrap

import mlflow
import sklearn
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("02_log")

iris = load_iris(as_frame=True)
X = iris.data
y = iris.target.map(dict(enumerate(iris.target_names)))
model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)

# %%
ways = {
    "infer_signature": {"signature": infer_signature(X, y)},
    "input_example": {"input_example": X.head(2)},
    "neither": {},
}
mistakes = {
    "renamed column": X.rename(columns={"petal width (cm)": "petal_width"}),
    "text": X.astype(str),
}
for way, arguments in ways.items():
    with mlflow.start_run(run_name=f"signature from {way}"):
        model_info = mlflow.sklearn.log_model(
            model,
            name=way,
            pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
            **arguments,
        )
    signature = model_info.signature
    print(f"Signature from {way}: output", signature.outputs if signature else "unknown")
    loaded = mlflow.pyfunc.load_model(model_info.model_uri)
    for mistake, rows in mistakes.items():
        try:
            loaded.predict(rows)
            print(f"  {mistake}: accepted")
        except Exception as error:
            print(f"  {mistake}: {type(error).__name__}")
            print("   ", textwrap.shorten(str(error).split("Error: ")[-1], 96))
