"""What lesson 00 says about MLflow, beyond the output that its page shows."""

import contextlib
import io
import os
from uuid import uuid4

import mlflow
import pytest
import sklearn
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

iris = load_iris(as_frame=True)
NAMES = iris.target.map(dict(enumerate(iris.target_names)))


@pytest.fixture(scope="module")
def name():
    """Register two versions in an experiment of our own; both are deleted afterwards.

    The second model calls every flower a setosa.
    """
    mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
    name = f"test-{uuid4().hex[:8]}"
    experiment = mlflow.set_experiment(name)
    only_setosa = ["setosa"] * 149 + ["virginica"]
    for labels, inverse_strength in ((NAMES, 1.0), (only_setosa, 1e-6)):
        model = LogisticRegression(C=inverse_strength, max_iter=1000).fit(iris.data, labels)
        with contextlib.redirect_stderr(io.StringIO()), mlflow.start_run():
            mlflow.sklearn.log_model(
                model,
                name="model",
                registered_model_name=name,
                input_example=iris.data.head(2),
                pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
            )
    yield name
    mlflow.MlflowClient().delete_registered_model(name)
    mlflow.delete_experiment(experiment.experiment_id)


def test_each_registration_creates_another_version_of_one_logged_model(name):
    client = mlflow.MlflowClient()
    versions = client.search_model_versions(f"name = '{name}'")
    assert sorted(version.version for version in versions) == ["1", "2"]
    experiment = client.get_experiment_by_name(name)
    models = client.search_logged_models([experiment.experiment_id])
    assert {version.source for version in versions} == {model.model_uri for model in models}
    assert len({model.source_run_id for model in models}) == 2


def test_a_program_that_loads_the_alias_gets_the_version_that_the_alias_was_moved_to(name):
    answers = []
    for version in ("1", "2"):
        mlflow.MlflowClient().set_registered_model_alias(name, "champion", version)
        champion = mlflow.pyfunc.load_model(f"models:/{name}@champion")
        answers.append(champion.predict(iris.data.iloc[[120]])[0])
    assert answers == ["virginica", "setosa"]


def test_the_input_example_shows_which_columns_the_model_takes(name):
    loaded = mlflow.pyfunc.load_model(f"models:/{name}/1")
    assert loaded.metadata.get_input_schema().input_names() == iris.feature_names
    assert loaded.input_example.equals(iris.data.head(2))


def test_an_alias_is_on_one_version_at_a_time(name):
    client = mlflow.MlflowClient()
    for version in ("1", "2"):
        client.set_registered_model_alias(name, "champion", version)
    assert client.get_model_version(name, "1").aliases == []
    assert client.get_model_version(name, "2").aliases == ["champion"]


def test_a_version_without_an_alias_still_loads_by_its_number(name):
    mlflow.MlflowClient().set_registered_model_alias(name, "champion", "2")
    version_1 = mlflow.pyfunc.load_model(f"models:/{name}/1")
    assert version_1.predict(iris.data.iloc[[120]])[0] == "virginica"
