# %% [markdown]
"""
Solution: A model for a colleague who has nothing of yours but a URI: models:/iris_mine@champion

Your turn: the colleague sends centimetres and gets nonsense, because the scaler stays in this
script. Make the model reproducible by its URI: asked with the raw rows that its run recorded in
evaluation/heldout.csv, it gives the recorded predictions and the recorded heldout_accuracy again.
And let MLflow refuse rows in which a column was renamed. The model takes a DataFrame with
load_iris's columns and answers 0, 1 or 2; the alias is on your latest version.

Then: lab check 03
"""

# %% Imports
import contextlib
import os
import sys
import warnings

import mlflow
import sklearn
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("03_models_pyfunc_exercise")
# A species is never missing, so it may be an integer.
warnings.filterwarnings("ignore", r"Hint: Inferred schema contains integer column", UserWarning)

# %% The data
measures, species = load_iris(as_frame=True, return_X_y=True)
train, heldout = (
    part.reset_index(drop=True)
    for part in train_test_split(measures.assign(species=species), test_size=0.4, random_state=3)
)
columns = list(measures.columns)

# %% The model
model = make_pipeline(StandardScaler(), LogisticRegression())
model.fit(train[columns], train["species"])
predicted = model.predict(heldout[columns])

# %% Its run, with what it was measured on
with mlflow.start_run():
    dataset = mlflow.data.from_pandas(heldout, targets="species", name="iris_heldout")
    mlflow.log_input(dataset, context="heldout")
    rows = heldout.assign(predicted=predicted)
    mlflow.log_text(rows.to_csv(index=False), "evaluation/heldout.csv")
    mlflow.log_metric("heldout_accuracy", (predicted == heldout["species"]).mean())
    model_info = mlflow.sklearn.log_model(
        model,
        name="model",
        signature=infer_signature(train[columns], predicted),
        pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
    )

# %% Its address; MLflow tells of it on stderr
with contextlib.redirect_stderr(sys.stdout):
    version = mlflow.register_model(model_info.model_uri, "iris_mine")
MlflowClient().set_registered_model_alias("iris_mine", "champion", version.version)
print(f"models:/iris_mine@champion is version {version.version}")
