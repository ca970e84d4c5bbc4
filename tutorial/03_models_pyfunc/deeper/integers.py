# %% [markdown]
"""
Whole numbers that may be missing, and columns that may be absent.

The pipeline uses the petal length in whole millimetres, which is missing for one flower, and the petal
width. A third column, the note, is empty for most flowers. The pipeline ignores it.
"""

# %%
import logging
import os
import warnings

import mlflow
import sklearn
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("03_models_pyfunc")
# REFERENCE.md quotes these warnings, which are long.
logging.getLogger("mlflow").setLevel(logging.ERROR)
warnings.filterwarnings("ignore", message="Hint: Inferred schema contains integer column")

# %%
iris = load_iris(as_frame=True)
integers = iris.data[["petal width (cm)"]].assign(
    length_mm=(iris.data["petal length (cm)"] * 10).round().astype("int64"),
    note=["torn leaf"] + [None] * 149,
)
nullable = integers.astype({"length_mm": "Int64"})
nullable.loc[0, "length_mm"] = None
floats = nullable.astype({"length_mm": "float64"})
# The imputer replaces the missing number.
imputer = make_column_transformer((SimpleImputer(), ["length_mm", "petal width (cm)"]))
pipeline = make_pipeline(imputer, LogisticRegression(max_iter=5000))
pipeline.fit(floats, iris.target_names[iris.target])


def log(**arguments):
    """Log the pipeline, print its signature, and load it."""
    # SimpleImputer contains a numpy.dtype, which skops does not trust by itself.
    arguments["skops_trusted_types"] = ["numpy.dtype"]
    arguments["pip_requirements"] = [f"scikit-learn=={sklearn.__version__}"]
    with mlflow.start_run(run_name="integers"):
        info = mlflow.sklearn.log_model(pipeline, name="integers", **arguments)
    print("  signature:", info.signature and info.signature.inputs)
    return mlflow.pyfunc.load_model(info.model_uri)


def send(model, name, rows):
    """Send rows to the model and print what happens."""
    try:
        model.predict(rows)
        print(f"  {name}: accepted")
    except (MlflowException, ValueError) as error:
        who = "MLflow" if isinstance(error, MlflowException) else "scikit-learn"
        reason = str(error).rpartition("Error: ")[2].partition(" Hint:")[0]
        print(f"  {name}: {who} rejects them\n    {reason}")


# %%
print("Signature inferred from int64, no number missing:")
send(log(signature=infer_signature(integers)), "rows with a missing number", floats)
print("Signature inferred from Int64, a number missing:")
send(log(signature=infer_signature(nullable)), "the same rows", nullable)
print("No signature given, the same rows are the input example:")
log(input_example=nullable.head(3))
print("Signature inferred from float64, a number missing:")
model = log(signature=infer_signature(floats))
send(model, "the same rows", floats)
send(model, "rows with Int64", nullable)
send(model, "rows without the column note", floats.drop(columns="note"))
send(model, "rows without the column length_mm", floats.drop(columns="length_mm"))
