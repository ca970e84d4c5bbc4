"""What lesson 00 and its reference say, beyond the output on the page."""

import contextlib
import io
import os
from uuid import uuid4

import mlflow
import pytest
import sklearn
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

X, y = load_iris(as_frame=True, return_X_y=True)
y = y.map({0: "setosa", 1: "versicolor", 2: "virginica"})
MODEL = LogisticRegression(max_iter=1000).fit(X, y)


@pytest.fixture(scope="module")
def name():
    """Register two versions of a model in an experiment of our own; both are deleted afterwards."""
    mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
    name = f"test-{uuid4().hex[:8]}"
    experiment = mlflow.set_experiment(name)
    for _ in range(2):
        with contextlib.redirect_stderr(io.StringIO()):
            mlflow.sklearn.log_model(
                MODEL,
                name="model",
                registered_model_name=name,
                signature=infer_signature(X, MODEL.predict(X)),
                pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
            )
    yield name
    mlflow.MlflowClient().delete_registered_model(name)
    mlflow.delete_experiment(experiment.experiment_id)


def test_an_alias_points_to_the_version_that_it_was_moved_to(name):
    client = mlflow.MlflowClient()
    for version in ("1", "2"):
        client.set_registered_model_alias(name, "champion", version)
        assert client.get_model_version_by_alias(name, "champion").version == version


def test_an_alias_that_nobody_set_is_not_found(name):
    with pytest.raises(MlflowException, match=r"Registered model alias nobody not found\."):
        mlflow.pyfunc.load_model(f"models:/{name}@nobody")


def test_a_registered_name_without_a_version_is_read_as_the_id_of_a_logged_model():
    with pytest.raises(MlflowException, match="Logged model with ID 'iris_template' not found"):
        mlflow.pyfunc.load_model("models:/iris_template")


def test_rows_without_a_column_are_refused(name):
    with pytest.raises(MlflowException, match=r"Model is missing inputs \['sepal length \(cm\)'\]"):
        mlflow.pyfunc.load_model(f"models:/{name}/1").predict(X.drop(columns="sepal length (cm)"))
