"""Repairs that tests try in several drills: promote a model that somebody has trained or logged again."""

import mlflow
import pandas as pd
from sklearn.base import ClassifierMixin

from lab.drilling.production import connect, flowers, log_version, promote, trained_pipeline


def promote_model(
    name: str, model: ClassifierMixin, train: pd.DataFrame, heldout: pd.DataFrame, **options: object
) -> str:
    """Log a trained model in a run with its rows, register it, and make it the champion. Return its version.

    `options` go to mlflow.sklearn.log_model.
    """
    connect(name)
    version = log_version(name, "repair", model, train, heldout, **options)
    promote(name, version)
    return version


def promote_new_model(name: str, **options: object) -> str:
    """Train a good model, log it with its rows, and make it the champion. Return its version."""
    train, heldout = flowers()
    return promote_model(name, trained_pipeline(train), train, heldout, **options)


def promote_version_2_again(name: str, **options: object) -> str:
    """Log the model of version 2 again with other options, and make it the champion. Return its version."""
    model = mlflow.sklearn.load_model(f"models:/{name}/2")
    return promote_model(name, model, *flowers(), **options)
