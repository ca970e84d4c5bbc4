# %% [markdown]
"""
What a signature accepts, and what happens without one.

The script logs one pipeline twice, with a signature and without. It sends fourteen kinds of input to
both models and compares the answers with those for the input "as agreed".
"""

# %%
import logging
import os
import warnings

import mlflow
import sklearn
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("03_models_pyfunc")
# REFERENCE.md quotes both warnings. Here they would stand between the rows of the table.
logging.getLogger("mlflow.models.utils").setLevel(logging.ERROR)
warnings.filterwarnings("ignore", message="X does not have valid feature names")

# %%
iris = load_iris(as_frame=True)
X, y = iris.data, iris.target.map(dict(enumerate(iris.target_names)))
pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
packages = [f"scikit-learn=={sklearn.__version__}"]
models = []
with mlflow.start_run(run_name="contract"):
    for name, signature in {"signed": infer_signature(X, y), "unsigned": None}.items():
        model_info = mlflow.sklearn.log_model(
            pipeline, name=name, signature=signature, pip_requirements=packages
        )
        models.append(mlflow.pyfunc.load_model(model_info.model_uri))

# %%
# Whole centimetres, because then int64 and float64 contain the same numbers.
rows = X.iloc[::25].round()
other_order = rows[X.columns[::-1]]
inputs = {
    "as agreed": rows,
    "typo in a name": rows.rename(columns={"sepal length (cm)": "sepal lenght (cm)"}),
    "missing column": rows.drop(columns="sepal length (cm)"),
    "extra column": rows.assign(colour="blue"),
    "other order": other_order,
    "int64": rows.astype("int64"),
    "int32": rows.astype("int32"),
    "float32": rows.astype("float32"),
    "bool": rows > 3,
    "text such as '5.0'": rows.astype(str),
    "list of dicts": rows.to_dict("records"),
    "list of lists": rows.to_numpy().tolist(),
    "lists, other order": other_order.to_numpy().tolist(),
    "NaN": rows.mask(rows > 6),
}


def answer(model, data):
    """Return what the model does with the data."""
    try:
        same = (model.predict(data) == pipeline.predict(rows)).all()
        return "right answers" if same else "WRONG ANSWERS"
    except MlflowException:
        return "MLflow rejects"
    except (TypeError, ValueError):
        return "sklearn rejects"


print(f"{'Input':20}{'With a signature':18}Without a signature")
for name, data in inputs.items():
    signed, unsigned = (answer(model, data) for model in models)
    print(f"{name:20}{signed:18}{unsigned}")
