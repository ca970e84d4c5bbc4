"""Make what the lab needs in MinIO: one bucket, two policies, two users. Safe to run any number of times.

The secrets in the environment win: a user whose secret changed there gets the new one.
"""

import json
import os
import sys

from minio import Minio, MinioAdmin
from minio.credentials import StaticProvider
from minio.error import MinioAdminException, MinioException

READ = ["s3:GetBucketLocation", "s3:ListBucket", "s3:GetObject"]
WRITE = [
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:AbortMultipartUpload",
    "s3:ListMultipartUploadParts",
    "s3:ListBucketMultipartUploads",
]


def policy(bucket: str, actions: list[str]) -> dict[str, object]:
    """Return an S3 policy that allows `actions` on one bucket and nothing anywhere else."""
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    statement = {"Effect": "Allow", "Action": actions, "Resource": resources}
    return {"Version": "2012-10-17", "Statement": [statement]}


def give_user(admin: MinioAdmin, user: str, secret: str, bucket: str, actions: list[str]) -> None:
    """Create or update `user`, with a policy of the user's name that allows `actions` on `bucket`."""
    admin.policy_add(user, policy=policy(bucket, actions))
    admin.user_add(user, secret)
    # Setting a policy that is set already is an error, so look first.
    if json.loads(admin.user_info(user)).get("policyName") != user:
        admin.policy_set(user, user=user)


def main() -> None:
    """Set MinIO up from the environment; exit with one message if it refuses."""
    endpoint, bucket = os.environ["MINIO_ENDPOINT"], os.environ["MINIO_BUCKET"]
    root = os.environ["MINIO_ROOT_USER"], os.environ["MINIO_ROOT_PASSWORD"]
    try:
        client = Minio(endpoint=endpoint, credentials=StaticProvider(*root), secure=False)
        if not client.bucket_exists(bucket_name=bucket):
            client.make_bucket(bucket_name=bucket)
        admin = MinioAdmin(endpoint=endpoint, credentials=StaticProvider(*root), secure=False)
        give_user(admin, "mlflow", os.environ["LAB_S3_SECRET_KEY"], bucket, READ + WRITE)
        give_user(admin, "lab-reader", os.environ["LAB_S3_READER_SECRET_KEY"], bucket, READ)
    except (MinioException, MinioAdminException) as error:
        sys.exit(
            f"minio-setup: {error}\n"
            "Every MinIO password in .env needs at least 8 characters: MINIO_ROOT_PASSWORD, "
            "LAB_S3_SECRET_KEY, LAB_S3_READER_SECRET_KEY."
        )
    print(f"minio-setup: bucket {bucket}, users mlflow (reads and writes) and lab-reader (reads)")


main()
