"""What the page and the reference of lesson 03 say beyond the output that they show."""

import io
import logging
import os
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import mlflow
import numpy as np
import pandas as pd
import pytest
import sklearn
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature, infer_signature, set_signature, update_model_requirements
from sklearn.datasets import load_iris
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

IRIS = load_iris(as_frame=True)
X, y = IRIS.data, IRIS.target.map(dict(enumerate(IRIS.target_names)))
ROWS = X.iloc[::30].round()
PIPELINE = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
PIP = [f"scikit-learn=={sklearn.__version__}"]


@pytest.fixture(scope="module", autouse=True)
def client():
    """Work in an experiment of these tests, which is deleted afterwards."""
    mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
    experiment = mlflow.set_experiment(f"test-{uuid4().hex[:8]}")
    client = mlflow.MlflowClient()
    yield client
    client.delete_experiment(experiment.experiment_id)


@pytest.fixture(scope="module")
def info():
    """Log a pipeline like the lesson's, with its signature."""
    return log(PIPELINE, signature=infer_signature(X, PIPELINE.predict(X)))


@pytest.fixture(scope="module")
def signed(info):
    """Load it with pyfunc."""
    return mlflow.pyfunc.load_model(info.model_uri)


@pytest.fixture
def name(client):
    """Lend a name for a registered model, which is deleted afterwards."""
    name = f"test-{uuid4().hex[:8]}"
    yield name
    client.delete_registered_model(name)


def log(model, **arguments):
    return mlflow.sklearn.log_model(model, name="model", pip_requirements=PIP, **arguments)


def rejection(model, data):
    """Return the last part of MLflow's message when it rejects these data."""
    with pytest.raises(MlflowException) as rejected:
        model.predict(data)
    return str(rejected.value).rpartition("Error: ")[2]


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


def test_a_promotion_archives_the_previous_version_and_prints_the_quoted_warning(client, name):
    for _ in range(2):
        version = mlflow.register_model(log(PIPELINE).model_uri, name)
        message = in_stage(client, name, version.version, "Production")
    assert message.startswith(
        "``mlflow.tracking.client.MlflowClient.transition_model_version_stage`` is deprecated "
        "since 2.9.0. Model registry stages will be removed in a future major release."
    )
    stages = {v.version: v.current_stage for v in client.search_model_versions(f"name = '{name}'")}
    assert stages == {"1": "Archived", "2": "Production"}


def test_loading_by_a_stage_prints_no_warning(client, name):
    mlflow.register_model(log(PIPELINE).model_uri, name)
    in_stage(client, name, "1", "Production")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mlflow.pyfunc.load_model(f"models:/{name}/production")


def test_latest_is_the_highest_version_whatever_its_stage(client, name):
    for _ in range(2):
        last = mlflow.register_model(log(PIPELINE).model_uri, name)
    in_stage(client, name, "1", "Production")
    in_stage(client, name, "2", "Archived")
    model = mlflow.pyfunc.load_model(f"models:/{name}/latest")
    assert last.source == f"models:/{model.metadata.model_id}"


def test_an_empty_stage_and_an_address_without_a_version_are_explained(name):
    mlflow.register_model(log(PIPELINE).model_uri, name)
    with pytest.raises(MlflowException) as rejected:
        mlflow.pyfunc.load_model(f"models:/{name}/Staging")
    assert (
        str(rejected.value) == f"No versions of model with name '{name}' and stage 'Staging' found"
    )
    with pytest.raises(MlflowException, match=f"Logged model with ID '{name}' not found"):
        mlflow.pyfunc.load_model(f"models:/{name}")


def test_every_address_leads_to_the_same_model(client, name, tmp_path):
    with mlflow.start_run() as run:
        info = log(PIPELINE)
    mlflow.register_model(info.model_uri, name)
    in_stage(client, name, "1", "Production")
    client.set_registered_model_alias(name, "champion", "1")
    folder = mlflow.artifacts.download_artifacts(info.model_uri, dst_path=str(tmp_path))
    for uri in (
        info.model_uri,
        f"runs:/{run.info.run_id}/model",
        f"models:/{name}/1",
        f"models:/{name}/Production",
        f"models:/{name}/production",
        f"models:/{name}@champion",
        f"models:/{name}/latest",
        info.artifact_path,
        Path(folder).as_uri(),
        folder,
    ):
        assert mlflow.pyfunc.load_model(uri).metadata.model_id == info.model_id
        assert (mlflow.sklearn.load_model(uri).predict(X) == PIPELINE.predict(X)).all()


def test_a_stage_leads_to_its_highest_version(client, name):
    for stage in ("Production", "Staging"):
        last = mlflow.register_model(log(PIPELINE).model_uri, name)
        in_stage(client, name, last.version, stage)
    with pytest.warns(FutureWarning):
        client.transition_model_version_stage(name, "2", "Production")
    model = mlflow.pyfunc.load_model(f"models:/{name}/Production")
    assert last.source == f"models:/{model.metadata.model_id}"


def test_the_address_of_a_run_leads_to_the_last_model_that_the_run_logged_under_the_name():
    with mlflow.start_run() as run:
        infos = [log(PIPELINE) for _ in range(2)]
    model = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model")
    assert model.metadata.model_id == infos[1].model_id != infos[0].model_id


def test_a_version_does_not_protect_the_signature_and_the_requirements(client, name):
    info = log(PIPELINE, signature=infer_signature(X))
    mlflow.register_model(info.model_uri, name)
    version = f"models:/{name}/1"
    other = ModelSignature(infer_signature(X[X.columns[:2]]).inputs)
    before = client.get_model_version(name, "1").last_updated_timestamp
    # Both calls refuse the address of the version, and change its files all the same.
    with pytest.raises(MlflowException):
        set_signature(version, other)
    with pytest.raises(MlflowException):
        update_model_requirements(version, "add", ["pandas==3.0.0"])
    set_signature(info.model_uri, other)
    update_model_requirements(info.model_uri, "add", ["pandas==3.0.0"])
    assert mlflow.pyfunc.load_model(version).metadata.signature == other
    packages = Path(mlflow.pyfunc.get_model_dependencies(version)).read_text()
    assert "pandas==3.0.0" in packages
    assert client.get_model_version(name, "1").last_updated_timestamp == before


def test_a_name_that_is_registered_anew_begins_with_version_1_again(client, name):
    first = mlflow.register_model(log(PIPELINE).model_uri, name)
    client.delete_registered_model(name)
    second = mlflow.register_model(log(PIPELINE).model_uri, name)
    assert int(first.version) == int(second.version) == 1
    assert first.source != second.source


def test_a_metric_belongs_to_its_model_and_its_rows(client):
    rows = mlflow.data.from_pandas(X, name="iris_heldout")
    with mlflow.start_run() as run:
        info = log(PIPELINE)
        mlflow.log_metric("heldout_accuracy", 0.9, model_id=info.model_id, dataset=rows)
    logged = client.get_logged_model(info.model_id)
    assert logged.source_run_id == run.info.run_id
    [metric] = logged.metrics
    assert (metric.key, metric.dataset_name) == ("heldout_accuracy", "iris_heldout")
    assert metric.dataset_digest == rows.digest


def test_an_alias_is_case_sensitive(client, name):
    mlflow.register_model(log(PIPELINE).model_uri, name)
    client.set_registered_model_alias(name, "champion", "1")
    assert mlflow.pyfunc.load_model(f"models:/{name}@champion")
    with pytest.raises(MlflowException, match="Registered model alias Champion not found"):
        mlflow.pyfunc.load_model(f"models:/{name}@Champion")


def test_clients_that_set_a_new_alias_at_once_may_get_an_error_and_succeed_when_they_try_again(
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

    # MLflow first looks for the alias and then inserts it. Often another client inserts it in between.
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


def test_mlflow_s_messages_are_those_that_the_reference_quotes(signed):
    typo = ROWS.rename(columns={"sepal length (cm)": "sepal lenght (cm)"})
    assert rejection(signed, typo) == (
        "Model is missing inputs ['sepal length (cm)']. "
        "Note that there were extra inputs: ['sepal lenght (cm)']."
    )
    assert rejection(signed, ROWS.astype("int64")) == (
        "Incompatible input types for column sepal length (cm). "
        "Can not safely convert int64 to float64."
    )


@pytest.mark.parametrize("nameless", [ROWS.to_numpy().tolist(), ROWS.to_numpy()])
def test_with_a_signature_mlflow_rejects_lists_and_arrays_without_names(signed, nameless):
    assert rejection(signed, nameless) == (
        f"Model is missing inputs {list(X.columns)}. "
        "Note that there were extra inputs: [0, 1, 2, 3]."
    )


def test_without_a_signature_lists_pass_in_any_order_and_only_cause_a_warning():
    unsigned = mlflow.pyfunc.load_model(log(PIPELINE).model_uri)
    for rows, right in ((ROWS, True), (ROWS[X.columns[::-1]], False)):
        with pytest.warns(UserWarning, match="X does not have valid feature names, but Standard"):
            answers = unsigned.predict(rows.to_numpy().tolist())
        assert (answers == PIPELINE.predict(ROWS)).all() == right


def test_an_extra_column_causes_the_quoted_warning(signed, monkeypatch):
    messages = []
    logger = "mlflow.models.utils._logger.warning"
    monkeypatch.setattr(logger, lambda message, *_: messages.append(message))
    signed.predict(ROWS.assign(colour="blue"))
    assert messages == [
        "Found extra inputs in the model input that are not defined in the model signature: "
        "`['colour']`. These inputs will be ignored."
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (ROWS[X.columns[1:]], "Model is missing inputs ['sepal length (cm)']."),
        (ROWS > 3, "Can not safely convert bool to float64"),
        (ROWS.astype(str), "Can not safely convert str to float64"),
        (ROWS[X.columns[::-1]].to_numpy().tolist(), "extra inputs: [0, 1, 2, 3]"),
    ],
)
def test_mlflow_says_why_it_rejects_an_input(signed, data, message):
    assert message in rejection(signed, data)


@pytest.mark.parametrize("model", ["signed", "unsigned"])
def test_nan_passes_the_signature_and_scikit_learn_rejects_it(signed, model):
    if model == "unsigned":
        signed = mlflow.pyfunc.load_model(log(PIPELINE).model_uri)
    with pytest.raises(ValueError, match="Input X contains NaN"):
        signed.predict(ROWS.mask(ROWS > 6))


def test_a_double_cannot_store_every_large_whole_number():
    number = 2**53 + 1
    assert int(float(number)) != number


def test_a_model_loaded_with_its_own_flavor_enforces_no_signature(info):
    native = mlflow.sklearn.load_model(info.model_uri)
    assert (native.predict(ROWS.astype("int64")) == PIPELINE.predict(ROWS)).all()


def test_an_integer_column_rejects_a_missing_value():
    whole = X.round().astype("int64")
    hint = (
        r"Hint: Inferred schema contains integer column\(s\). "
        "Integer columns in Python cannot represent missing values."
    )
    with pytest.warns(UserWarning, match=hint):
        signature = infer_signature(whole)
    model = mlflow.pyfunc.load_model(log(PIPELINE, signature=signature).model_uri)
    missing = whole.head(3).mask(whole.head(3) > 4)
    assert "Can not safely convert float64 to int64" in rejection(model, missing)


def test_an_input_example_with_a_missing_nullable_integer_leaves_the_model_without_a_signature():
    records = []
    handler = logging.Handler()
    handler.emit = records.append
    logging.getLogger("mlflow.models.signature").addHandler(handler)
    rows = X.head(3).round().astype("Int64")
    rows.iloc[0, 0] = None
    model = make_pipeline(SimpleImputer(), PIPELINE).fit(X, y)
    try:
        info = log(model, input_example=rows, skops_trusted_types=["numpy.dtype"])
    finally:
        logging.getLogger("mlflow.models.signature").removeHandler(handler)
    assert info.signature is None
    [message] = [record.getMessage() for record in records]
    assert message.startswith("Failed to infer the model signature from the input example.")
    assert "cannot convert NA to integer" in message


def test_a_date_as_text_is_rejected_and_utc_without_a_zone_passes():
    dates = pd.DataFrame({"at": pd.to_datetime(["2026-11-23 12:00+01:00"] * len(y))})
    both = X.join(dates)
    # The scaler never sees the date, so only the signature can reject it.
    pipeline = make_pipeline(
        sklearn.compose.make_column_transformer((StandardScaler(), list(X.columns))),
        LogisticRegression(),
    ).fit(both, y)
    info = log(pipeline, signature=infer_signature(both))
    assert info.signature.inputs.input_types()[-1] == mlflow.types.DataType.datetime
    model = mlflow.pyfunc.load_model(info.model_uri)
    assert "Cannot use .astype to convert from timezone-aware" in rejection(model, both.head(2))
    text = X.head(2).assign(at="2026-11-23")
    assert "Can not safely convert str to datetime64[ns]" in rejection(model, text)
    model.predict(both.assign(at=both["at"].dt.tz_convert("UTC").dt.tz_localize(None)).head(2))


def test_a_model_without_its_scaler_gives_wrong_answers_and_no_warning():
    scaler = StandardScaler().set_output(transform="pandas").fit(X)
    bare = LogisticRegression().fit(scaler.transform(X), y)
    info = log(bare, signature=infer_signature(scaler.transform(X)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        answers = mlflow.pyfunc.load_model(info.model_uri).predict(X)
    assert (bare.predict(scaler.transform(X)) == y).mean() > 0.9
    assert (answers == y).mean() < 0.7
    assert info.signature.inputs == infer_signature(X).inputs


def test_a_digest_includes_the_row_numbers():
    frame = pd.DataFrame({"a": [1.0, 2.0]})
    moved = frame.set_index(pd.Index([5, 6]))
    digests = [mlflow.data.from_pandas(data).digest for data in (frame, moved)]
    assert digests[0] != digests[1]


def digest(frame):
    return mlflow.data.from_pandas(frame).digest


def test_a_digest_changes_with_one_value():
    changed = X.copy()
    changed.iloc[100, 2] += 1e-12
    assert digest(changed) != digest(X)


def test_a_digest_does_not_notice_every_change():
    long = pd.DataFrame({"a": np.zeros(10_001)})
    last = long.copy()
    last.loc[10_000, "a"] = 1
    assert digest(long) == digest(last)
    last.loc[9_999, "a"] = 1
    assert digest(long) != digest(last)
    gaps = pd.DataFrame({"a": [1.0, 2.0], "text": ["x", None]})
    assert digest(gaps) == digest(gaps.assign(text=["y", None]))
    dates = pd.DataFrame({"a": [1.0], "at": pd.to_datetime(["2026-11-23"])})
    assert digest(dates) == digest(dates.assign(at=pd.to_datetime(["2026-11-24"])))


def test_pandas_reads_back_exactly_the_numbers_that_it_wrote():
    random = np.random.default_rng(3)
    frame = pd.DataFrame({"a": random.normal(size=5000) * 10.0 ** random.integers(-30, 30, 5000)})
    back = pd.read_csv(io.StringIO(frame.to_csv(index=False)))
    assert back.equals(frame)


def test_mlflow_names_a_deleted_experiment_and_can_restore_it(client):
    name = f"test-{uuid4().hex[:8]}"
    experiment_id = client.create_experiment(name)
    client.delete_experiment(experiment_id)
    with pytest.raises(MlflowException) as rejected:
        mlflow.tracking.fluent.set_experiment(name)
    says = f"Cannot set a deleted experiment '{name}' as the active experiment."
    assert str(rejected.value).startswith(says)
    client.restore_experiment(experiment_id)
    assert client.get_experiment(experiment_id).lifecycle_stage == "active"
    client.delete_experiment(experiment_id)
