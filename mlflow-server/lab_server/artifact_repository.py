"""A file that is not in the object store is 404, where MLflow's server by itself answers 500.

An artifact repository plugin of MLflow's (entry point mlflow.artifact_repository, for s3:// addresses). Only the
stack's server has it: in the embedded mode the artifacts are files in a folder, and MLflow answers 404 for those.

MLflow's clients take a 500 for a failure that may pass. They try again, for 28 s with the lab's settings and for
minutes with MLflow's own. Loading runs:/…/model asks for such a file, since a model is not among its run's artifacts.
"""

from botocore.exceptions import ClientError
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST
from mlflow.store.artifact.s3_artifact_repo import S3ArtifactRepository


class NotFoundS3ArtifactRepository(S3ArtifactRepository):
    """MLflow's repository, except for its error where there is no such object."""

    def _download_file(self, remote_file_path: str, local_path: str) -> None:
        """Download one file; MlflowException with RESOURCE_DOES_NOT_EXIST if there is no such object."""
        try:
            super()._download_file(remote_file_path, local_path)  # type: ignore[no-untyped-call]
        except ClientError as error:
            if error.response["Error"]["Code"] != "404":
                raise
            raise MlflowException(
                f"No such artifact: {remote_file_path}", RESOURCE_DOES_NOT_EXIST
            ) from error
