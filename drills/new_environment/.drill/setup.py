"""Two versions. The second one asks for a scikit-learn with which it was not trained."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import production

name = "drill_new_environment"
client = production.connect("new_environment")
train, heldout = production.flowers()

first = production.log_version(name, "sepal width", production.older(train), train, heldout)
production.approve(name, first, "2026-10")

four = production.pipeline().fit(train[production.COLUMNS], train["species"])
# What is wrong: somebody has copied this list from another project.
second = production.log_version(
    name, "four columns", four, train, heldout, pip_requirements=["scikit-learn==1.2.2"]
)
production.approve(name, second, "2026-11")
production.promote(name, second)
