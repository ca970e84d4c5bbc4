# %% [markdown]
"""
Where a logged model is stored: its rows in the database and its files in the artifact store.

What to look at: the model's id, m-…, is in the rows and in the path of the files. The rows contain
what you logged and where the files are. What you download through the server is byte for byte what
the store contains. The example takes the latest version of iris_log, which lesson 02 registers. To
see another model, set MODEL_URI to its address.
"""

# %% Imports and the server
import hashlib
import os
import sqlite3
import sys
import tempfile
from pathlib import Path

import boto3
import mlflow
import psycopg2
from botocore.exceptions import ClientError

# The lab's shell sets this variable to the address of its MLflow server.
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
stack = "LAB_SQLITE_FILE" not in os.environ
if stack and not {"PGHOST", "LAB_S3_ENDPOINT"} <= set(os.environ):
    sys.exit("PGHOST or LAB_S3_ENDPOINT is not set. First: docker compose exec trainer bash")

# %% Which model
client = mlflow.MlflowClient()
model_uri = os.environ.get("MODEL_URI")
if not model_uri:
    versions = client.search_model_versions("name = 'iris_log'")
    if not versions:
        sys.exit("Lesson 02 has registered no model yet. First: python tutorial/02_log/run.py")
    latest = max(int(version.version) for version in versions)
    model_uri = f"models:/iris_log/{latest}"
try:
    if not model_uri.startswith(("models:/", "runs:/")):
        sys.exit(f"MODEL_URI={model_uri} begins with neither models:/ nor runs:/")
    # Every form of URI leads to a file MLmodel, which contains the model's id.
    model_id = mlflow.models.get_model_info(model_uri).model_id
except mlflow.MlflowException as error:
    # If the server does not answer at all, MODEL_URI is not the cause.
    if "API request to" in error.message:
        raise
    sys.exit(f"MODEL_URI={model_uri}: {error}")
if model_id is None:
    sys.exit(f"MODEL_URI={model_uri}: this model was logged before MLflow 3 and has no id")

# %% The rows
if stack:
    # PGHOST, PGUSER and so on contain the address, and the name of an account that may only read.
    database = psycopg2.connect("")
    placeholder = "%s"
else:
    database = sqlite3.connect(f"file:{os.environ['LAB_SQLITE_FILE']}?mode=ro", uri=True)
    placeholder = "?"
cursor = database.cursor()
cursor.execute(
    "SELECT experiment_id, source_run_id, artifact_location FROM logged_models"
    f" WHERE model_id = {placeholder}",
    (model_id,),
)
experiment_id, run_id, location = cursor.fetchone()

print(f"Model {model_id}")
print(f"Run {run_id or 'none: the model was logged outside of a run'}")
print(
    "Rows in", "PostgreSQL" if stack else "SQLite", "(table, the column that is searched: columns)"
)
for table, columns, key, value in [
    ("logged_models", "name, artifact_location", "model_id", model_id),
    ("logged_model_params", "param_key, param_value", "model_id", model_id),
    (
        "logged_model_metrics",
        "metric_name, metric_value, dataset_name, dataset_digest",
        "model_id",
        model_id,
    ),
    ("model_versions", "name, version, status, source", "storage_location", location),
    ("experiments", "name, artifact_location", "experiment_id", experiment_id),
    # A model that was logged outside of a run has no rows in the tables below.
    ("runs", "name, status, user_id", "run_uuid", run_id),
    ("params", "key, value", "run_uuid", run_id),
    ("latest_metrics", "key, value", "run_uuid", run_id),
    ("datasets JOIN inputs ON source_id = dataset_uuid", "name, digest", "destination_id", run_id),
]:
    cursor.execute(
        f"SELECT {columns} FROM {table} WHERE {key} = {placeholder} ORDER BY 1", (value,)
    )
    print(f"  {table}, {key}: {columns}")
    for row in cursor.fetchall():
        print("     ", *row)

# %% The objects
# Only the server can write to the store. In its addresses the store's root is mlflow-artifacts:/.
prefix = location.removeprefix("mlflow-artifacts:/") + "/"
etags = {}
if stack:
    bucket = os.environ["LAB_S3_BUCKET"]
    store = boto3.client(
        "s3",
        endpoint_url=os.environ["LAB_S3_ENDPOINT"],
        aws_access_key_id=os.environ["LAB_S3_ACCESS_KEY"],
        aws_secret_access_key=os.environ["LAB_S3_SECRET_KEY"],
        region_name=os.environ["LAB_S3_REGION"],
    )
    stored = {}
    for stored_object in store.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", []):
        name = stored_object["Key"].removeprefix(prefix)
        stored[name] = store.get_object(Bucket=bucket, Key=stored_object["Key"])["Body"].read()
        etags[name] = "  etag " + stored_object["ETag"].strip('"')
    print(f"Objects in the store, bucket {bucket}, under {prefix}")
else:
    folder = Path(os.environ["LAB_ARTIFACTS_DIR"]) / prefix
    stored = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    print("Files under", prefix)
checksums = {name: hashlib.sha256(content).hexdigest() for name, content in stored.items()}
for name, content in stored.items():
    checksum = checksums[name][:12]
    print(f"  {name:18}{len(content):7} bytes  sha256 {checksum}{etags.get(name, '')}")

# %% The same bytes through the server
with tempfile.TemporaryDirectory() as folder:
    local = Path(mlflow.artifacts.download_artifacts(f"models:/{model_id}", dst_path=folder))
    downloaded = {
        path.relative_to(local).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in local.rglob("*")
        # MLflow's client writes this file beside what it downloads. The store does not contain it.
        if path.is_file() and path.name != "registered_model_meta"
    }
if not stored or downloaded != checksums:
    differ = sorted({name for name, _ in downloaded.items() ^ checksums.items()})
    sys.exit(f"These files differ between the server and the store: {differ or 'there are none'}")
print(f"Downloaded through the server: {len(downloaded)} files, all with the same SHA-256")

# %% The lab's accounts may read, but not write
if stack:
    # Even if they were allowed, the attempts would change nothing: no row and no object matches.
    database.rollback()
    database.set_session(readonly=False)
    try:
        cursor.execute("UPDATE logged_models SET name = name WHERE false")
        sys.exit("PGUSER may write to the database; the lab's account must not.")
    except psycopg2.errors.InsufficientPrivilege as error:
        print("PostgreSQL refuses to write:", type(error).__name__)
    try:
        store.put_object(Bucket=bucket, Key=prefix + "MLmodel", Body=b"", IfMatch="none")
        answer = "yes"
    except ClientError as error:
        answer = error.response["Error"]["Code"]
    if answer != "AccessDenied":
        sys.exit(
            f"LAB_S3_ACCESS_KEY may write to the store ({answer}); the lab's account must not."
        )
    print("The store refuses to write:", answer)
else:
    print("Without Docker there is no PostgreSQL and no MinIO: you could change these files.")
database.close()
