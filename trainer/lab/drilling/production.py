"""Build the small production that a drill then breaks.

A production is an experiment, one or more registered models with two or three versions, and an alias champion.
"""

import logging
import os
import sys
import warnings
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import sklearn
from mlflow import MlflowClient
from mlflow.data.pandas_dataset import from_pandas
from mlflow.models import infer_signature
from sklearn.base import ClassifierMixin
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from lab.checks.flowers import COLUMNS

# Each run logs its rows in these files.
TRAIN_FILE, HELDOUT_FILE = "data/train.csv", "evaluation/heldout.csv"


def connect(name: str) -> MlflowClient:
    """Use the lab's server and the experiment of this name. Return a client."""
    mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
    warnings.simplefilter("ignore")
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    mlflow.set_experiment(name)
    # MLflow writes these two names to the run, to the logged model and to the source of each data set. They must not
    # show that the setup of a drill trained the model.
    sys.argv[0], os.environ["LOGNAME"] = "jobs/train.py", "training-job"
    return MlflowClient()


def flowers() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return iris as 100 training rows and 50 held-out rows, each with the column species."""
    iris = load_iris(as_frame=True)
    rows = iris.data.assign(species=iris.target.map(dict(enumerate(iris.target_names))))
    train, heldout = train_test_split(rows, test_size=50, stratify=rows["species"], random_state=7)
    # The digest of a data set includes the row numbers.
    return train.reset_index(drop=True), heldout.reset_index(drop=True)


def trained_pipeline(rows: pd.DataFrame, C: float = 1.0) -> Pipeline:  # noqa: N803 - scikit-learn's name
    """Return a scaler and a classifier in a pipeline, trained on the four columns of the rows."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=C))
    return model.fit(rows[COLUMNS], rows["species"])


def two_releases(name: str, **options: object) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Register release 2026-10 as version 1 and release 2026-11 as version 2, which becomes the champion.

    Version 1 makes many mistakes. Version 2 is good. `options` go to mlflow.sklearn.log_model for version 2.
    Return the training rows and the held-out rows of both versions.
    """
    train, heldout = flowers()
    first_release(name, train, heldout)
    version = log_version(name, "four columns", trained_pipeline(train), train, heldout, **options)
    release(name, version, "2026-11")
    return train, heldout


def first_release(name: str, train: pd.DataFrame, heldout: pd.DataFrame) -> None:
    """Register release 2026-10. It accepts all columns, uses only the sepal width, and makes many mistakes."""
    sepal_width = make_column_transformer(("passthrough", ["sepal width (cm)"]))
    model = make_pipeline(sepal_width, StandardScaler(), LogisticRegression())
    model.fit(train[COLUMNS], train["species"])
    release(name, log_version(name, "sepal width", model, train, heldout), "2026-10")


def release(name: str, version: str, month: str) -> None:
    """Tag a version as a gate and a release job would, and make it the champion."""
    client = MlflowClient()
    client.set_model_version_tag(name, version, "gate", "passed")
    client.set_model_version_tag(name, version, "release", month)
    promote(name, version)


def promote(name: str, version: str) -> None:
    """Set the alias champion."""
    MlflowClient().set_registered_model_alias(name, "champion", version)


def log_version(
    name: str,
    run_name: str,
    model: ClassifierMixin,
    train: pd.DataFrame,
    heldout: pd.DataFrame,
    predicted: np.ndarray | None = None,
    /,
    **options: object,
) -> str:
    """Log a trained model in a run with its rows and its accuracy, and register it. Return its version.

    `predicted` are the predictions for the held-out rows, if another model than this one made them. `options` go to
    mlflow.sklearn.log_model.
    """
    if predicted is None:
        predicted = model.predict(heldout[COLUMNS])
    with mlflow.start_run(run_name=run_name):
        for data_name, rows, context in (
            ("flowers_train", train, "training"),
            ("flowers_heldout", heldout, "evaluation"),
        ):
            mlflow.log_input(from_pandas(rows, name=data_name), context)
        mlflow.log_params(parameters(model))
        mlflow.log_metric("heldout_accuracy", float((predicted == heldout["species"]).mean()))
        mlflow.log_text(train.to_csv(index=False), TRAIN_FILE)
        mlflow.log_text(heldout.assign(predicted=predicted).to_csv(index=False), HELDOUT_FILE)
        arguments: dict[str, Any] = {
            "signature": infer_signature(train[COLUMNS], predicted),
            "pip_requirements": pinned_packages(),
            **options,
        }
        model_info = mlflow.sklearn.log_model(
            model, name="model", registered_model_name=name, **arguments
        )
    return str(model_info.registered_model_version)


def pinned_packages() -> list[str]:
    """Return the requirements of a model. Without them, MLflow looks for the packages, which takes seconds."""
    return [f"scikit-learn=={sklearn.__version__}"]


def parameters(model: ClassifierMixin) -> dict[str, object]:
    """Return what somebody needs to train the same model again: its class, the classes of its steps, and C."""
    if not isinstance(model, Pipeline):
        return {"model": type(model).__name__, "C": model.get_params().get("C")}
    steps = [step for _, step in model.steps]
    return {
        "model": type(model).__name__,
        "steps": " then ".join(type(step).__name__ for step in steps),
        "C": steps[-1].C,
    }
