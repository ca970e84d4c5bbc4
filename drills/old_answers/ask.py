"""Send the service fifty flowers whose species is known, and count the wrong predictions."""

import os

import requests
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split

address = os.environ.get("LAB_DRILL_SERVICE") or "http://127.0.0.1:8082"
iris = load_iris(as_frame=True)
species = iris.target.map(dict(enumerate(iris.target_names)))
_, rows, _, expected = train_test_split(
    iris.data, species, test_size=50, stratify=species, random_state=7
)
body = {"dataframe_split": rows.to_dict(orient="split", index=False)}
response = requests.post(f"{address}/invocations", json=body, timeout=60)
response.raise_for_status()
predictions = response.json()["predictions"]
mistakes = sum(a != b for a, b in zip(predictions, expected, strict=True))
print(
    f"{mistakes} of {len(rows)} predictions are wrong. The first five: {', '.join(predictions[:5])}"
)
