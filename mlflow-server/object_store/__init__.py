"""The store as MLflow's server sees it: a file that is not there is 404.

A plugin of MLflow's (entry point mlflow.artifact_repository). MLflow 3.17.2 by itself answers 500, which its clients
take for a failure that may pass: they try again, for 28 s with the lab's settings and for minutes with MLflow's own.
Whoever loads runs:/…/model asks for such a file, since a model is not among its run's artifacts.
"""

from botocore.exceptions import ClientError
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST
from mlflow.store.artifact.s3_artifact_repo import S3ArtifactRepository


class ObjectStore(S3ArtifactRepository):
    """MLflow's own, but for what it says of an object that is not there."""

    def _download_file(self, remote_file_path: str, local_path: str) -> None:
        """Download one file; MlflowException with RESOURCE_DOES_NOT_EXIST if there is no such object."""
        try:
            super()._download_file(remote_file_path, local_path)
        except ClientError as error:
            if error.response["Error"]["Code"] != "404":
                raise
            raise MlflowException(
                f"No such artifact: {remote_file_path}", RESOURCE_DOES_NOT_EXIST
            ) from error
