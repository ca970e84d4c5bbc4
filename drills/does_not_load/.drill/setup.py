"""Register two versions. Then delete the file model.skops of the second one, which is the champion."""

import runpy
from pathlib import Path

from lab.drilling import files, production

name = "drill_does_not_load"
production.connect(name)
production.first_release(name, *production.flowers())
runpy.run_path(str(Path(__file__).parents[1] / "train.py"))
production.release(name, "2", "2026-11")

# What is wrong: a file is missing in the store. The registry does not notice.
files.delete(name, "2", files.MODEL_FILE)
