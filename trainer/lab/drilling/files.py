"""Read, overwrite and delete a file of a version, past the registry.

The server lets anyone who reaches it do this, and the registry does not notice.
"""

import hashlib
import tempfile
from pathlib import Path

import mlflow
import requests
from mlflow import MlflowClient
from sklearn.base import ClassifierMixin

from lab.artifacts import address_of, path_of
from lab.drilling.production import pinned_packages

# The file of a scikit-learn model.
MODEL_FILE = "model.skops"
TIMEOUT_SECONDS = 60


def address(name: str, version: str, file: str) -> str:
    """Return the address at which the server reads, writes and deletes a file of a version."""
    location = MlflowClient().get_model_version_download_uri(name, version)
    return address_of(f"{path_of(location)}/{file}")


def md5_of_model_file(name: str, version: str) -> str:
    """Return the MD5 of a version's model file."""
    response = requests.get(address(name, version, MODEL_FILE), timeout=TIMEOUT_SECONDS)
    response.raise_for_status()
    return md5(response.content)


def md5(content: bytes) -> str:
    """Return the MD5 of a file's content."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def overwrite_model_file(name: str, version: str, model: ClassifierMixin) -> None:
    """Replace the model file of a version with the file of another trained model."""
    with tempfile.TemporaryDirectory() as scratch:
        mlflow.sklearn.save_model(model, f"{scratch}/model", pip_requirements=pinned_packages())
        content = Path(scratch, "model", MODEL_FILE).read_bytes()
    response = requests.put(
        address(name, version, MODEL_FILE), data=content, timeout=TIMEOUT_SECONDS
    )
    response.raise_for_status()


def delete(name: str, version: str, file: str) -> None:
    """Delete a file of a version from the store."""
    requests.delete(address(name, version, file), timeout=TIMEOUT_SECONDS).raise_for_status()
