"""How the stack's server reads and writes artifacts in the object store: all files go through the server.

An artifact repository plugin of MLflow's (entry point mlflow.artifact_repository, for s3:// addresses). Only the
stack's server has it. In the embedded mode the artifacts are files in a folder.

It differs from MLflow's repository in two ways:

- The server offers its clients no presigned addresses of the store. Clients outside the stack cannot reach the store,
  and would try for minutes. MLflow's server offers presigned addresses if its repository is an instance of
  MultipartDownloadMixin, MultipartUploadMixin or PresignedUploadMixin (mlflow/server/handlers.py). So this class has an
  S3ArtifactRepository and does not inherit from it.
- If a file is not in the store, the server answers 404. MLflow's own repository makes it answer 500, and a client
  retries a request that gets a 500. Loading runs:/…/model asks for such a file, because the run's artifacts do not
  contain the model.
"""

from botocore.exceptions import ClientError
from mlflow.entities import FileInfo
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST
from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.s3_artifact_repo import S3ArtifactRepository


class ServerOnlyArtifactRepository(ArtifactRepository):
    """The files of an S3 bucket, for clients that reach only the server."""

    def __init__(
        self, artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None
    ) -> None:
        """Take what MLflow gives every artifact repository."""
        super().__init__(artifact_uri, tracking_uri, registry_uri)
        self._s3 = S3ArtifactRepository(
            artifact_uri, tracking_uri=tracking_uri, registry_uri=registry_uri
        )

    def log_artifact(self, local_file: str, artifact_path: str | None = None) -> None:
        """Upload one file."""
        self._s3.log_artifact(local_file, artifact_path)

    def log_artifacts(self, local_dir: str, artifact_path: str | None = None) -> None:
        """Upload the files of a folder."""
        self._s3.log_artifacts(local_dir, artifact_path)

    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        """Return the files and folders directly below `path`."""
        listed: list[FileInfo] = self._s3.list_artifacts(path)
        return listed

    def delete_artifacts(self, artifact_path: str | None = None) -> None:
        """Delete the files below `artifact_path`."""
        self._s3.delete_artifacts(artifact_path)

    def _download_file(self, remote_file_path: str, local_path: str) -> None:
        """Download one file; MlflowException with RESOURCE_DOES_NOT_EXIST if there is no such object."""
        try:
            self._s3._download_file(remote_file_path, local_path)
        except ClientError as error:
            if error.response["Error"]["Code"] != "404":
                raise
            raise MlflowException(
                f"No such artifact: {remote_file_path}", RESOURCE_DOES_NOT_EXIST
            ) from error
