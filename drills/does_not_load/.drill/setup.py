"""Two versions. The champion is the second one, and its file model.skops is gone from the store."""

import runpy
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
import production

name = "drill_does_not_load"
client = production.connect("does_not_load")
train, heldout = production.flowers()

first = production.log_version(name, "sepal width", production.older(train), train, heldout)
production.approve(name, first, "2026-10")

runpy.run_path(str(Path(__file__).parents[1] / "train.py"))
production.approve(name, "2", "2026-11")
production.promote(name, "2")

# What is wrong: a file is gone. The row in the database does not know about it.
production.delete_file(name, "2", "model.skops")
