"""Make what the lab needs in MinIO: one bucket, two policies, two users and no others. Safe to run any number of times.

The secrets in the environment win: a user whose secret changed there gets the new one.
"""

import json
import os
import socket
import sys
import time
import urllib.request

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


def wait_for(endpoint: str, seconds: float) -> None:
    """Return when MinIO is ready. Docker's own check comes once a second, this one ten times.

    Exits with a message if MinIO has ended, or is not ready after these seconds.
    """
    deadline = time.monotonic() + seconds
    host, _, port = endpoint.partition(":")
    while True:
        try:
            # Docker forgets the name of a container that has ended.
            socket.getaddrinfo(host, port)
        except socket.gaierror:
            sys.exit("store-setup: MinIO has ended. Its log says why: docker compose logs minio")
        try:
            urllib.request.urlopen(f"http://{endpoint}/minio/health/ready", timeout=5).close()
        except OSError as error:
            if time.monotonic() > deadline:
                sys.exit(
                    f"store-setup: MinIO is not ready after {seconds:.0f} s: {error}. "
                    "Its log may say why: docker compose logs minio"
                )
            time.sleep(0.1)
        else:
            return


def policy(bucket: str, actions: list[str]) -> dict[str, object]:
    """Return an S3 policy that allows `actions` on one bucket and nothing anywhere else."""
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    statement = {"Effect": "Allow", "Action": actions, "Resource": resources}
    return {"Version": "2012-10-17", "Statement": [statement]}


def give_user(admin: MinioAdmin, user: str, secret: str, policy_name: str) -> None:
    """Create or update `user`, with the policy of that name."""
    admin.user_add(user, secret)
    # Setting a policy that is set already is an error, so look first.
    if json.loads(admin.user_info(user)).get("policyName") != policy_name:
        admin.policy_set(policy_name, user=user)


def main() -> None:
    """Set MinIO up from the environment; exit with one message if it refuses."""
    endpoint, bucket = os.environ["MINIO_ENDPOINT"], os.environ["LAB_S3_BUCKET"]
    root = os.environ["MINIO_ROOT_USER"], os.environ["MINIO_ROOT_PASSWORD"]
    server, reader = os.environ["LAB_S3_ACCESS_KEY"], os.environ["LAB_S3_READER_ACCESS_KEY"]
    secrets = os.environ["LAB_S3_SECRET_KEY"], os.environ["LAB_S3_READER_SECRET_KEY"]
    if any(value.startswith("change-me-") for value in (*root, server, *secrets)):
        sys.exit(
            "store-setup: .env has values of the example, which begin with change-me-. Give all of them your own."
        )
    wait_for(endpoint, 120)
    try:
        client = Minio(endpoint=endpoint, credentials=StaticProvider(*root), secure=False)
        if not client.bucket_exists(bucket_name=bucket):
            client.make_bucket(bucket_name=bucket)
        admin = MinioAdmin(endpoint=endpoint, credentials=StaticProvider(*root), secure=False)
        admin.policy_add("mlflow", policy=policy(bucket, READ + WRITE))
        admin.policy_add("lab-reader", policy=policy(bucket, READ))
        give_user(admin, server, secrets[0], "mlflow")
        give_user(admin, reader, secrets[1], "lab-reader")
        # A former key of the server's would still write.
        for user in json.loads(admin.user_list()).keys() - {server, reader}:
            admin.user_remove(user)
    except (MinioException, MinioAdminException) as error:
        sys.exit(
            f"store-setup: {error}\n"
            "Every MinIO password in .env needs at least 8 characters: MINIO_ROOT_PASSWORD, "
            "LAB_S3_SECRET_KEY, LAB_S3_READER_SECRET_KEY."
        )
    print(
        f"store-setup: bucket {bucket}, the server's user (reads and writes) and {reader} (reads)"
    )


main()
