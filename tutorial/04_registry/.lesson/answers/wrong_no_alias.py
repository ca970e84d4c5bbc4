"""has the alias champion

The gate decides, and the alias never moves.
"""

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

measures, species = load_iris(as_frame=True, return_X_y=True)
train, heldout = (
    part.reset_index(drop=True)
    for part in train_test_split(
        measures.assign(species=species), test_size=0.4, random_state=7, stratify=species
    )
)
columns = list(measures.columns)

with contextlib.suppress(RestException):  # There is none yet.
    client.delete_registered_model("iris_gate")
client.create_registered_model("iris_gate")

champion, best = "none", 0.0
for told, strength in [(columns[:2], 1), (columns[2:3], 1), (columns[2:], 1), (columns, 0.1)]:
    model = make_pipeline(
        make_column_transformer((StandardScaler(), told)), LogisticRegression(C=strength)
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
    passed = accuracy >= 0.85 and (champion == "none" or accuracy >= best + 0.01)
    client.set_model_version_tag(
        "iris_gate", version.version, "gate", "passed" if passed else "refused"
    )
    if passed:
        client.set_model_version_tag("iris_gate", version.version, "replaces", champion)
        champion, best = version.version, accuracy
