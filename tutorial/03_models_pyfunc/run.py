# %% [markdown]
"""
Register a model, load it by every URI, and see what its signature lets through.

What to look at: ten addresses lead to one model; the signature minds names and types, and neither
order nor extra columns; and a model whose scaler stayed at home answers nonsense, without an error.
"""

# %% Imports
import contextlib
import logging
import os
import sys
import warnings
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import sklearn
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

# Without an address MLflow would quietly write to a file mlflow.db in this folder.
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("03_models_pyfunc")
output = Path(os.environ.get("LAB_OUTPUT", "output")) / "03_models_pyfunc"

# The README quotes these. Stages go away one day; a species is never missing, so it may be an
# integer; lists without column names and extra columns are sent on purpose below.
warnings.filterwarnings("ignore", r"(?s).*Model registry stages will be removed", FutureWarning)
warnings.filterwarnings("ignore", r"Hint: Inferred schema contains integer column", UserWarning)
warnings.filterwarnings("ignore", r"X does not have valid feature names", UserWarning)
logging.getLogger("mlflow.models.utils").addFilter(
    lambda record: not record.getMessage().startswith("Found extra inputs")
)

# %% The data: the index starts anew, because a data set's digest covers it and a CSV file loses it
measures, species = load_iris(as_frame=True, return_X_y=True)
train, heldout = (
    part.reset_index(drop=True)
    for part in train_test_split(
        measures.assign(species=species), test_size=0.4, random_state=7, stratify=species
    )
)
columns = list(measures.columns)

# %% The model: the scaler is a part of it, so whoever loads it sends centimetres
settings = {"logisticregression__C": 0.5, "logisticregression__max_iter": 500}
pipeline = make_pipeline(StandardScaler(), LogisticRegression()).set_params(**settings)
pipeline.fit(train[columns], train["species"])
predicted = pipeline.predict(heldout[columns])

# %% One run records all that is needed to reproduce it: settings, data, predictions, model
packages = [
    f"numpy=={np.__version__}",
    f"pandas=={pd.__version__}",
    f"scikit-learn=={sklearn.__version__}",
]
with mlflow.start_run() as run:
    mlflow.log_params(settings)
    mlflow.log_text(train.to_csv(index=False), "data/train.csv")
    mlflow.log_text(
        heldout.assign(predicted=predicted).to_csv(index=False), "evaluation/heldout.csv"
    )
    model_info = mlflow.sklearn.log_model(
        pipeline,
        name="model",
        signature=infer_signature(train[columns], predicted),
        input_example=train[columns].head(3),
        pip_requirements=packages,
    )
    for name, rows in {"train": train, "heldout": heldout}.items():
        dataset = mlflow.data.from_pandas(rows, targets="species", name=f"iris_{name}")
        mlflow.log_input(dataset, context=name)
        # With both, MLflow records which model the metric belongs to and which rows it was measured on.
        mlflow.log_metric(
            f"{name}_accuracy",
            pipeline.score(rows[columns], rows["species"]),
            model_id=model_info.model_id,
            dataset=dataset,
        )
logged_model = mlflow.get_logged_model(model_info.model_id)
print(f"run           {run.info.run_id}")
print(f"logged model  {logged_model.model_id}, of that run")
for metric in sorted(logged_model.metrics, key=lambda metric: metric.key):
    print(f"  {metric.key:18} {metric.value:.4f} on {metric.dataset_name} {metric.dataset_digest}")
assert logged_model.source_run_id == run.info.run_id
assert {m.dataset_name for m in logged_model.metrics} == {"iris_train", "iris_heldout"}

# %% Register it; MLflow reports that on stderr, and this lesson shows it
with contextlib.redirect_stderr(sys.stdout):
    version = mlflow.register_model(model_info.model_uri, "iris_clf")
client = MlflowClient()
moved = client.transition_model_version_stage(
    "iris_clf", version.version, "Production", archive_existing_versions=True
)
client.set_registered_model_alias("iris_clf", "champion", version.version)
print(f"version {version.version} is in stage {moved.current_stage} and has the alias champion")

# %% Ten addresses, one model
folder = mlflow.artifacts.download_artifacts(
    model_info.model_uri, dst_path=str(output / model_info.model_id)
)
print("\nThe same predictions by every address:")
for uri in (
    model_info.model_uri,
    f"runs:/{run.info.run_id}/model",
    f"models:/iris_clf/{version.version}",
    "models:/iris_clf/Production",
    "models:/iris_clf/production",
    "models:/iris_clf@champion",
    "models:/iris_clf/latest",
    model_info.artifact_path,
    Path(folder).resolve().as_uri(),
    folder,
):
    model = mlflow.pyfunc.load_model(uri)
    assert (model.predict(heldout[columns]) == predicted).all()
    print(f"  {uri}")

# %% The contract: one sender after the other, to this model and to its twin without a signature
twin_info = mlflow.sklearn.log_model(pipeline, name="unsigned", pip_requirements=packages)
signed = mlflow.pyfunc.load_model(model_info.model_uri)
unsigned = mlflow.pyfunc.load_model(twin_info.model_uri)
# Whole centimetres, so that integers can say the same as doubles.
rows = heldout[columns].head(6).round()
agreed = signed.predict(rows)
typo = rows.rename(columns={"sepal length (cm)": "sepal lenght (cm)"})
backwards = rows[columns[::-1]]
missing = "missing inputs ['sepal length (cm)']"
same, different = "same answers", "other answers"
mlflow_no, sklearn_no = "MLflow refuses", "sklearn refuses"
contract = [
    # What is sent, the data, the answer with a signature and without, MLflow's words.
    ("as agreed", rows, same, same, ""),
    ("a typo in a name", typo, mlflow_no, sklearn_no, missing),
    ("a missing column", rows[columns[1:]], mlflow_no, sklearn_no, missing),
    ("an extra column", rows.assign(colour="blue"), same, sklearn_no, ""),
    ("another order", backwards, same, sklearn_no, ""),
    ("int64 for double", rows.astype("int64"), mlflow_no, same, "convert int64 to float64"),
    ("int32 for double", rows.astype("int32"), same, same, ""),
    ("float32 for double", rows.astype("float32"), same, same, ""),
    ("bool for double", rows > 3, mlflow_no, different, "convert bool to float64"),
    ("strings: '5.0'", rows.astype(str), mlflow_no, same, "convert str to float64"),
    ("dicts with names", rows.to_dict("records"), same, sklearn_no, ""),
    ("lists, no names", rows.to_numpy().tolist(), mlflow_no, same, "extra inputs: [0, 1, 2, 3]"),
    ("and in another order", backwards.to_numpy().tolist(), mlflow_no, different, "[0, 1, 2, 3]"),
    ("NaN", rows.mask(rows > 6), sklearn_no, sklearn_no, "Input X contains NaN"),
]
print(f"\n{'What is sent':22}{'signature':17}{'no signature':17}in the words of the first")
for payload_name, data, with_signature, without_signature, expected_words in contract:
    error_message = ""
    for model, expected in ((unsigned, without_signature), (signed, with_signature)):
        try:
            answer = same if (model.predict(data) == agreed).all() else different
        except MlflowException as error:
            answer, error_message = mlflow_no, str(error)
        except (TypeError, ValueError) as error:
            answer, error_message = sklearn_no, str(error)
        assert answer == expected, (payload_name, answer, error_message)
    assert expected_words in error_message, error_message
    print(f"{payload_name:22}{with_signature:17}{without_signature:17}{expected_words}".rstrip())

# %% A date: this signature is inferred from rows with a time zone, and refuses these very rows
zoned = rows.assign(measured_at=pd.Timestamp("2026-11-23 12:00+01:00"))
dated_pipeline = make_pipeline(
    make_column_transformer((StandardScaler(), columns)), LogisticRegression()
).fit(zoned, agreed)
dated_info = mlflow.sklearn.log_model(
    dated_pipeline, name="dated", signature=infer_signature(zoned), pip_requirements=packages
)
dated = mlflow.pyfunc.load_model(dated_info.model_uri)
naive = zoned.assign(measured_at=zoned["measured_at"].dt.tz_convert("UTC").dt.tz_localize(None))
assert (dated.predict(naive) == dated_pipeline.predict(zoned)).all()
print("\nA date without a time zone passes. With one:")
try:
    dated.predict(zoned)
    raise AssertionError("a date with a time zone passed")
except MlflowException as error:
    refusal = str(error).rpartition("Error: ")[2]
    assert refusal.startswith("Cannot use .astype to convert from timezone-aware dtype"), refusal
    print(f"  {refusal.partition('. ')[0]}.")

# %% The trap: the scaler is left outside, and to the signature scaled and raw rows look alike
scaler = StandardScaler().set_output(transform="pandas").fit(train[columns])
scaled = scaler.transform(train[columns])
bare = LogisticRegression(C=0.5, max_iter=500).fit(scaled, train["species"])
at_home = bare.score(scaler.transform(heldout[columns]), heldout["species"])
bare_info = mlflow.sklearn.log_model(
    bare, name="scaler_outside", signature=infer_signature(scaled), pip_requirements=packages
)
elsewhere = mlflow.pyfunc.load_model(bare_info.model_uri)
answers = elsewhere.predict(heldout[columns])
abroad = (answers == heldout["species"]).mean()
assert bare_info.signature.inputs == model_info.signature.inputs
assert at_home > 0.9 and abroad < 0.4 and set(answers) == {2}
print("\nThe scaler outside the model, nothing refused, nothing warned of:")
print(f"  accuracy where the scaler is {at_home:.4f}")
print(f"  accuracy by URI, raw rows    {abroad:.4f}, as every flower is called a virginica")
