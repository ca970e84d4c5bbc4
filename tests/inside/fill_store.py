"""Fill the stack's artifact store to the last 200 bytes, or remove what filled it.

python -m tests.inside.fill_store fill|empty

MinIO notices how full its disk is with a delay of a second. Until then an upload may fail halfway, and MinIO frees the
room of that upload later. The store is full when it has refused even 200 bytes for FULL_FOR seconds.
"""

import os
import sys
import time

import requests

ADDRESS = "http://mlflow:5000/api/2.0/mlflow-artifacts/artifacts"
SIZES = (20_000_000, 2_000_000, 200_000, 20_000, 2_000, 200)
FULL_FOR = 3


def fill() -> None:
    number, accepted = 0, time.monotonic()
    while time.monotonic() - accepted < FULL_FOR:
        for size in SIZES:
            while requests.put(f"{ADDRESS}/fill/{number}", data=os.urandom(size)).ok:  # noqa: S113
                number, accepted = number + 1, time.monotonic()


def empty() -> None:
    listing = requests.get(ADDRESS, params={"path": "fill"}).json()  # noqa: S113
    for file in listing["files"]:
        requests.delete(f"{ADDRESS}/fill/{file['path']}").raise_for_status()  # noqa: S113


if sys.argv[1] == "fill":
    fill()
else:
    empty()
