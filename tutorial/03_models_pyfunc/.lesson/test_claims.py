"""What the README of lesson 03 says beyond what run.py asserts."""

import io
import os
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import mlflow
import numpy as np
import pandas as pd
import pytest
import sklearn
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

X, y = load_iris(as_frame=True, return_X_y=True)
ROWS = X.iloc[::30].round()
PIPELINE = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
PIP = [f"scikit-learn=={sklearn.__version__}"]


@pytest.fixture(scope="module", autouse=True)
def client():
    """Work in an experiment of our own, deleted afterwards."""
    mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
    experiment = mlflow.set_experiment(f"test-{uuid4().hex[:8]}")
    client = mlflow.MlflowClient()
    yield client
    client.delete_experiment(experiment.experiment_id)


@pytest.fixture(scope="module")
def info():
    """Log the lesson's pipeline with its signature."""
    return log(PIPELINE, signature=infer_signature(X, PIPELINE.predict(X)))


@pytest.fixture(scope="module")
def signed(info):
    """Load it through pyfunc."""
    return mlflow.pyfunc.load_model(info.model_uri)


@pytest.fixture
def name(client):
    """Lend a name for a registered model, deleted afterwards."""
    name = f"test-{uuid4().hex[:8]}"
    yield name
    client.delete_registered_model(name)


def log(model, **arguments):
    return mlflow.sklearn.log_model(model, name="model", pip_requirements=PIP, **arguments)


def refusal(model, data):
    """Return what MLflow says when it refuses these data."""
    with pytest.raises(MlflowException) as refused:
        model.predict(data)
    return str(refused.value).rpartition("Error: ")[2]


def in_stage(client, name, version, stage):
    archive = stage == "Production"
    with pytest.warns(FutureWarning) as caught:
        client.transition_model_version_stage(name, version, stage, archive)
    return str(caught[0].message)


def test_a_model_without_a_signature_can_be_registered(name):
    info = log(PIPELINE)
    assert info.signature is None
    assert mlflow.register_model(info.model_uri, name).status == "READY"
    assert mlflow.pyfunc.load_model(f"models:/{name}/1").metadata.signature is None


def test_a_promotion_archives_the_version_before_and_warns_in_the_words_of_the_readme(client, name):
    for _ in range(2):
        version = mlflow.register_model(log(PIPELINE).model_uri, name)
        message = in_stage(client, name, version.version, "Production")
    assert message.startswith(
        "``mlflow.tracking.client.MlflowClient.transition_model_version_stage`` is deprecated "
        "since 2.9.0. Model registry stages will be removed in a future major release."
    )
    stages = {v.version: v.current_stage for v in client.search_model_versions(f"name = '{name}'")}
    assert stages == {"1": "Archived", "2": "Production"}


def test_loading_by_a_stage_warns_of_nothing(client, name):
    mlflow.register_model(log(PIPELINE).model_uri, name)
    in_stage(client, name, "1", "Production")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mlflow.pyfunc.load_model(f"models:/{name}/production")


def test_latest_is_the_highest_version_in_whatever_stage(client, name):
    for _ in range(2):
        last = mlflow.register_model(log(PIPELINE).model_uri, name)
    in_stage(client, name, "1", "Production")
    in_stage(client, name, "2", "Archived")
    model = mlflow.pyfunc.load_model(f"models:/{name}/latest")
    assert last.source == f"models:/{model.metadata.model_id}"


def test_a_stage_without_a_version_and_a_name_without_one_are_explained(name):
    mlflow.register_model(log(PIPELINE).model_uri, name)
    with pytest.raises(MlflowException) as refused:
        mlflow.pyfunc.load_model(f"models:/{name}/Staging")
    assert (
        str(refused.value) == f"No versions of model with name '{name}' and stage 'Staging' found"
    )
    with pytest.raises(MlflowException, match=f"Logged model with ID '{name}' not found"):
        mlflow.pyfunc.load_model(f"models:/{name}")


def test_an_alias_is_case_sensitive(client, name):
    mlflow.register_model(log(PIPELINE).model_uri, name)
    client.set_registered_model_alias(name, "champion", "1")
    assert mlflow.pyfunc.load_model(f"models:/{name}@champion")
    with pytest.raises(MlflowException, match="Registered model alias Champion not found"):
        mlflow.pyfunc.load_model(f"models:/{name}@Champion")


def test_two_who_set_an_alias_for_the_first_time_at_once_may_get_an_error_and_succeed_when_they_ask_again(
    client, name, info
):
    mlflow.register_model(info.model_uri, name)
    together = threading.Barrier(6)

    def set_alias(alias):
        together.wait()
        try:
            client.set_registered_model_alias(name, alias, "1")
        except MlflowException as error:
            return str(error)

    # MLflow looks whether the alias is there and then inserts it; mostly one of six comes in between.
    with ThreadPoolExecutor(6) as pool:
        for number in range(100):
            errors = list(filter(None, pool.map(set_alias, [f"alias-{number}"] * 6)))
            if errors:
                break
    messages = {
        'duplicate key value violates unique constraint "registered_model_alias_pk"',
        "UNIQUE constraint failed: registered_model_aliases.",
    }
    assert any(words in errors[0] for words in messages)
    client.set_registered_model_alias(name, f"alias-{number}", "1")
    assert client.get_model_version_by_alias(name, f"alias-{number}").version == "1"


def test_the_refusals_read_as_the_readme_quotes_them(signed):
    typo = ROWS.rename(columns={"sepal length (cm)": "sepal lenght (cm)"})
    assert refusal(signed, typo) == (
        "Model is missing inputs ['sepal length (cm)']. "
        "Note that there were extra inputs: ['sepal lenght (cm)']."
    )
    assert refusal(signed, ROWS.astype("int64")) == (
        "Incompatible input types for column sepal length (cm). "
        "Can not safely convert int64 to float64."
    )


@pytest.mark.parametrize("nameless", [ROWS.to_numpy().tolist(), ROWS.to_numpy()])
def test_rows_without_names_are_refused_with_a_signature_as_lists_and_as_arrays(signed, nameless):
    assert refusal(signed, nameless) == (
        f"Model is missing inputs {list(X.columns)}. "
        "Note that there were extra inputs: [0, 1, 2, 3]."
    )


def test_without_a_signature_they_pass_in_any_order_with_a_warning_only():
    unsigned = mlflow.pyfunc.load_model(log(PIPELINE).model_uri)
    for rows, right in ((ROWS, True), (ROWS[X.columns[::-1]], False)):
        with pytest.warns(UserWarning, match="X does not have valid feature names, but Standard"):
            answers = unsigned.predict(rows.to_numpy().tolist())
        assert (answers == PIPELINE.predict(ROWS)).all() == right


def test_extra_columns_are_warned_of_in_the_words_of_the_readme(signed, monkeypatch):
    messages = []
    logger = "mlflow.models.utils._logger.warning"
    monkeypatch.setattr(logger, lambda message, *_: messages.append(message))
    signed.predict(ROWS.assign(colour="blue"))
    assert messages == [
        "Found extra inputs in the model input that are not defined in the model signature: "
        "`['colour']`. These inputs will be ignored."
    ]


def test_loaded_by_its_own_flavor_a_model_enforces_nothing(info):
    native = mlflow.sklearn.load_model(info.model_uri)
    assert (native.predict(ROWS.astype("int64")) == PIPELINE.predict(ROWS)).all()


def test_an_integer_column_refuses_a_missing_value():
    whole = X.round().astype("int64")
    with pytest.warns(UserWarning, match="Hint: Inferred schema contains integer column"):
        signature = infer_signature(whole)
    model = mlflow.pyfunc.load_model(log(PIPELINE, signature=signature).model_uri)
    missing = whole.head(3).mask(whole.head(3) > 4)
    assert "Can not safely convert float64 to int64" in refusal(model, missing)


def test_a_date_as_a_string_is_refused_and_utc_without_a_zone_passes():
    dates = pd.DataFrame({"at": pd.to_datetime(["2026-11-23 12:00+01:00"] * len(y))})
    both = X.join(dates)
    # The scaler never sees the date: what is refused, the signature refuses.
    pipeline = make_pipeline(
        sklearn.compose.make_column_transformer((StandardScaler(), list(X.columns))),
        LogisticRegression(),
    ).fit(both, y)
    info = log(pipeline, signature=infer_signature(both))
    assert info.signature.inputs.input_types()[-1] == mlflow.types.DataType.datetime
    model = mlflow.pyfunc.load_model(info.model_uri)
    assert "Cannot use .astype to convert from timezone-aware" in refusal(model, both.head(2))
    text = X.head(2).assign(at="2026-11-23")
    assert "Can not safely convert str to datetime64[ns]" in refusal(model, text)
    model.predict(both.assign(at=both["at"].dt.tz_convert("UTC").dt.tz_localize(None)).head(2))


def test_the_trap_answers_wrong_without_any_warning():
    scaler = StandardScaler().set_output(transform="pandas").fit(X)
    bare = LogisticRegression().fit(scaler.transform(X), y)
    info = log(bare, signature=infer_signature(scaler.transform(X)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        answers = mlflow.pyfunc.load_model(info.model_uri).predict(X)
    assert (bare.predict(scaler.transform(X)) == y).mean() > 0.9
    assert (answers == y).mean() < 0.7


def test_a_digest_covers_the_index():
    frame = pd.DataFrame({"a": [1.0, 2.0]})
    moved = frame.set_index(pd.Index([5, 6]))
    digests = [mlflow.data.from_pandas(data).digest for data in (frame, moved)]
    assert digests[0] != digests[1]


def test_pandas_reads_back_exactly_the_doubles_it_wrote():
    random = np.random.default_rng(3)
    frame = pd.DataFrame({"a": random.normal(size=5000) * 10.0 ** random.integers(-30, 30, 5000)})
    back = pd.read_csv(io.StringIO(frame.to_csv(index=False)))
    assert back.equals(frame)


def test_a_deleted_experiment_is_named_and_can_be_restored(client):
    name = f"test-{uuid4().hex[:8]}"
    experiment_id = client.create_experiment(name)
    client.delete_experiment(experiment_id)
    with pytest.raises(MlflowException) as refused:
        mlflow.tracking.fluent.set_experiment(name)
    says = f"Cannot set a deleted experiment '{name}' as the active experiment."
    assert str(refused.value).startswith(says)
    client.restore_experiment(experiment_id)
    assert client.get_experiment(experiment_id).lifecycle_stage == "active"
    client.delete_experiment(experiment_id)
