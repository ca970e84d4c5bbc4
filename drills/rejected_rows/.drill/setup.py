"""Two versions. The signature of the second one was inferred from whole numbers."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import production
from mlflow.models import infer_signature

name = "drill_rejected_rows"
columns = production.COLUMNS
client = production.connect("rejected_rows")
train, heldout = production.flowers()

first = production.log_version(name, "sepal width", production.older(train), train, heldout)
production.approve(name, first, "2026-10")
client.update_registered_model(
    name,
    "Agreement of May 2026. Input: four columns of type double, in centimetres: "
    f"{', '.join(columns)}. Output: the name of the species, a string.",
)

four = production.pipeline().fit(train[columns], train["species"])
# What is wrong: somebody took an example with whole numbers.
example = train[columns].round().astype("int64")
second = production.log_version(
    name, "four columns", four, train, heldout, signature=infer_signature(example, train["species"])
)
production.approve(name, second, "2026-11")
production.promote(name, second)
