"""Create the lab's bucket in a store that is not MinIO, and allow the reader's account to read it.

    … python - BUCKET READER < tests/inside/prepare_other_store.py

It runs in the server's container, which does not have the checkout and reads the script from stdin.
"""

import json
import os
import sys

import boto3

bucket, reader = sys.argv[1:]
store = boto3.client("s3", endpoint_url=os.environ["MLFLOW_S3_ENDPOINT_URL"])
store.create_bucket(Bucket=bucket)
statement = {
    "Effect": "Allow",
    "Principal": {"AWS": [reader]},
    "Action": ["s3:ListBucket", "s3:GetObject"],
    "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
}
policy = {"Version": "2012-10-17", "Statement": [statement]}
store.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
