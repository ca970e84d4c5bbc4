# %% [markdown]
"""
Dates with a time zone: MLflow rejects them, even if it inferred the signature from such dates.

A signature knows one type for dates, `datetime`, and it means a date without a time zone. The remedy is
to convert the dates to UTC and to remove the zone.
"""

# %%
import os

import mlflow
import pandas as pd
import sklearn
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("03_models_pyfunc")

# %%
iris = load_iris(as_frame=True)
y = iris.target.map(dict(enumerate(iris.target_names)))
rows = iris.data.assign(measured_at=pd.Timestamp("2026-11-23 12:00+01:00"))
# The model uses the four measurements. It ignores the date.
pipeline = make_pipeline(
    make_column_transformer((StandardScaler(), list(iris.data.columns))), LogisticRegression()
)
pipeline.fit(rows, y)
with mlflow.start_run(run_name="dates"):
    model_info = mlflow.sklearn.log_model(
        pipeline,
        name="dates",
        signature=infer_signature(rows, y),
        pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
    )
model = mlflow.pyfunc.load_model(model_info.model_uri)
print("The date column in the data:     ", rows["measured_at"].dtype)
print("The date column in the signature:", model_info.signature.inputs.input_types()[-1])

# %%
try:
    model.predict(rows)
except MlflowException as error:
    reason = str(error).rpartition("Error: ")[2].partition(". ")[0]
    print(f"With a time zone: rejected\n    {reason}.")

# %%
without_zone = rows["measured_at"].dt.tz_convert("UTC").dt.tz_localize(None)
answers = model.predict(rows.assign(measured_at=without_zone))
same = (answers == pipeline.predict(rows)).all()
print("In UTC, without the zone: accepted,", "right answers" if same else "WRONG ANSWERS")
