"""The artifact store."""

import os
from unittest.mock import patch
from uuid import uuid4

import boto3
import mlflow
from mlflow import MlflowClient

NO_ACCOUNT = {
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_SHARED_CREDENTIALS_FILE": "none",
    "AWS_CONFIG_FILE": "none",
}
ACCOUNT = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_MAX_ATTEMPTS": "1"}


def _download(**variables: str) -> None:
    """Download a model from a bucket, while only these variables describe the store."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with patch.dict(os.environ, others | variables, clear=True):
        # boto3 keeps the account in its default session.
        boto3.setup_default_session()
        mlflow.artifacts.download_artifacts("s3://bucket/model")


def server_needed() -> None:
    """Download from the server's store while the tracking URI is a database."""
    mlflow.artifacts.download_artifacts(
        "mlflow-artifacts:/1/model", tracking_uri="sqlite:///mlflow.db"
    )


def folder_of_the_server() -> None:
    """Log a file to an experiment whose files are in a folder of another machine."""
    client = MlflowClient()
    id_ = client.create_experiment(f"errors_store_{uuid4().hex[:8]}", "/mlruns")
    run, user = client.create_run(id_), os.geteuid()
    try:
        if user == 0:
            # Root may create the folder.
            os.seteuid(65534)
        client.log_artifact(run.info.run_id, "/etc/hosts")
    finally:
        os.seteuid(user)
        # `lab` refuses to work with such an experiment.
        client.delete_experiment(id_)


def account_missing() -> None:
    """Download from a bucket without an account."""
    _download(**NO_ACCOUNT)


def store_stopped() -> None:
    """Use the address of a store that is not running."""
    _download(MLFLOW_S3_ENDPOINT_URL="http://127.0.0.1:1", **ACCOUNT)


def store_without_http() -> None:
    """Leave out http:// in the store's address."""
    _download(MLFLOW_S3_ENDPOINT_URL="127.0.0.1:9000", **ACCOUNT)


def store_package_missing() -> None:
    """Download from a store whose package is not installed."""
    mlflow.artifacts.download_artifacts("gs://bucket/model")
