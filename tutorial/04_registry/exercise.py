# %% [markdown]
"""
A promotion that has a gate, and a way back: models:/iris_gate@champion

Your turn: four candidates come in, and each becomes champion whatever it is worth. Let one become
champion only if it names at least 0.85 of the held-out rows right, and at least 0.01 more than the
champion of that moment, where there is one. Write on every version what was decided, in the tag
gate: passed or refused. And write on each that passed, in the tag replaces, the number of the
version that was champion before it, or none: so that whoever must roll back knows to what.

Then: lab check 04
"""

# %% Imports
import contextlib
import os
import warnings

import mlflow
import sklearn
from mlflow import MlflowClient
from mlflow.exceptions import RestException
from mlflow.models import infer_signature
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("04_registry_exercise")
client = MlflowClient()
# A species is never missing, so it may be an integer.
warnings.filterwarnings("ignore", r"Hint: Inferred schema contains integer column", UserWarning)

# %% The data
measures, species = load_iris(as_frame=True, return_X_y=True)
train, heldout = (
    part.reset_index(drop=True)
    for part in train_test_split(
        measures.assign(species=species), test_size=0.4, random_state=7, stratify=species
    )
)
columns = list(measures.columns)

# %% Every attempt begins with version 1
with contextlib.suppress(RestException):  # There is none yet.
    client.delete_registered_model("iris_gate")
client.create_registered_model("iris_gate")

# %% One candidate after the other: the columns it is told of, and how free it is to use them
for told, C in [(columns[:2], 1), (columns[2:3], 1), (columns[2:], 1), (columns, 0.1)]:
    model = make_pipeline(
        make_column_transformer((StandardScaler(), told)), LogisticRegression(C=C)
    ).fit(train[columns], train["species"])
    predicted = model.predict(heldout[columns])
    with mlflow.start_run() as run:
        rows = heldout.assign(predicted=predicted)
        mlflow.log_text(rows.to_csv(index=False), "evaluation/heldout.csv")
        model_info = mlflow.sklearn.log_model(
            model,
            name="model",
            signature=infer_signature(train[columns], predicted),
            pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
        )
    version = client.create_model_version(
        "iris_gate",
        source=model_info.model_uri,
        run_id=run.info.run_id,
        model_id=model_info.model_id,
    )
    accuracy = float((predicted == heldout["species"]).mean())
    print(f"version {version.version}: accuracy {accuracy:.4f}")
    client.set_registered_model_alias("iris_gate", "champion", version.version)
