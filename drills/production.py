"""What the setups of the drills share: the small production that a drill then breaks.

A production is an experiment, one or more registered models with two or three versions, and an alias champion.
"""

import logging
import os
import sys
import warnings

import mlflow
import pandas as pd
import requests
import sklearn
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.base import ClassifierMixin
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

COLUMNS = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]
ARTIFACTS = "mlflow-artifacts:/"
# The files of a run with its rows.
TRAIN_FILE, HELDOUT_FILE = "data/train.csv", "evaluation/heldout.csv"


def connect(drill: str) -> MlflowClient:
    """Use the lab's server, and the experiment of this drill. Return a client."""
    mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
    warnings.simplefilter("ignore")
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    mlflow.set_experiment(f"drill_{drill}")
    # MLflow writes these to the run, to the logged model and to the source of each data set. The learner need not know
    # that the setup of a drill has trained the model.
    sys.argv[0], os.environ["LOGNAME"] = "jobs/train.py", "training-job"
    return MlflowClient()


def flowers() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return iris as 100 rows for training and 50 held-out rows, each with the column species."""
    iris = load_iris(as_frame=True)
    rows = iris.data.assign(species=iris.target.map(dict(enumerate(iris.target_names))))
    train, heldout = train_test_split(rows, test_size=50, stratify=rows["species"], random_state=7)
    # The digest of a data set includes the row numbers.
    return train.reset_index(drop=True), heldout.reset_index(drop=True)


def pipeline(**options: object) -> ClassifierMixin:
    """Return a classifier that has its scaler."""
    return make_pipeline(StandardScaler(), LogisticRegression(**options))


def older(train: pd.DataFrame, *steps: object) -> ClassifierMixin:
    """Return a trained classifier that takes all columns, looks at one only, and makes many mistakes.

    `steps` come between the choice of the column and the classifier.
    """
    one = make_column_transformer(("passthrough", ["sepal width (cm)"]))
    return make_pipeline(one, *steps, LogisticRegression()).fit(train[COLUMNS], train["species"])


def packages() -> list[str]:
    """Return the requirements of a model. With them, MLflow need not look for the packages, which takes seconds."""
    return [f"scikit-learn=={sklearn.__version__}"]


def log_version(
    registered_name: str,
    run_name: str,
    model: ClassifierMixin,
    train: pd.DataFrame,
    heldout: pd.DataFrame,
    answers: object = None,
    **options: object,
) -> str:
    """Log a trained model in a run with its data and its accuracy, register it, and return its version.

    The run also has the rows as files: what is needed to make the model again. `answers` are the predictions on the
    held-out rows, if the model itself does not give them. `options` go to mlflow.sklearn.log_model.
    """
    predicted = model.predict(heldout[COLUMNS]) if answers is None else answers
    accuracy = float((predicted == heldout["species"]).mean())
    with mlflow.start_run(run_name=run_name):
        for name, rows, context in (
            ("flowers_train", train, "training"),
            ("flowers_heldout", heldout, "evaluation"),
        ):
            mlflow.log_input(mlflow.data.from_pandas(rows, name=name), context)
        mlflow.log_params(parameters(model))
        mlflow.log_metric("heldout_accuracy", accuracy)
        mlflow.log_text(train.to_csv(index=False), TRAIN_FILE)
        mlflow.log_text(heldout.assign(predicted=predicted).to_csv(index=False), HELDOUT_FILE)
        model_info = mlflow.sklearn.log_model(
            model,
            name="model",
            registered_model_name=registered_name,
            **{
                "signature": infer_signature(train[COLUMNS], predicted),
                "pip_requirements": packages(),
                **options,
            },
        )
    return str(model_info.registered_model_version)


def parameters(model: ClassifierMixin) -> dict[str, object]:
    """Return what somebody needs to make an equal model: its class, the classes of its steps, and C."""
    found: dict[str, object] = {"model": type(model).__name__, "C": model.get_params().get("C")}
    if isinstance(model, Pipeline):
        steps = [step for _, step in model.steps]
        found |= {"steps": " then ".join(type(step).__name__ for step in steps), "C": steps[-1].C}
    return found


def approve(registered_name: str, version: str, release: str) -> None:
    """Mark a version as the gate does when the version has passed."""
    client = MlflowClient()
    client.set_model_version_tag(registered_name, version, "gate", "passed")
    client.set_model_version_tag(registered_name, version, "release", release)


def promote(registered_name: str, version: str) -> None:
    """Set the alias champion."""
    MlflowClient().set_registered_model_alias(registered_name, "champion", version)


def artifact_address(registered_name: str, version: str, file: str) -> str:
    """Return the address at which the server lets anybody read, write and delete a file of a version."""
    source = MlflowClient().get_model_version(registered_name, version).source
    model = mlflow.get_logged_model(source.removeprefix("models:/"))
    path = model.artifact_location.removeprefix(ARTIFACTS).strip("/")
    return f"{mlflow.get_tracking_uri()}/api/2.0/mlflow-artifacts/artifacts/{path}/{file}"


def delete_file(registered_name: str, version: str, file: str) -> None:
    """Delete a file of a version from the store."""
    requests.delete(artifact_address(registered_name, version, file), timeout=60).raise_for_status()
