"""Fill the stack's artifact store to the last 100 bytes, or remove what filled it.

python -m tests.inside.fill_store fill|empty
"""

import os
import sys

import requests

ADDRESS = "http://mlflow:5000/api/2.0/mlflow-artifacts/artifacts"

if sys.argv[1] == "fill":
    size, number = 20_000_000, 0
    while size > 100:
        response = requests.put(f"{ADDRESS}/fill/{number}", data=os.urandom(size))  # noqa: S113
        number, size = number + 1, size if response.ok else size // 10
else:
    listing = requests.get(ADDRESS, params={"path": "fill"}).json()  # noqa: S113
    for file in listing["files"]:
        requests.delete(f"{ADDRESS}/fill/{file['path']}").raise_for_status()  # noqa: S113
