"""Make the tag fit the changed file.

Afterwards the drill must begin again.
The check must say: but 8 answers are still not those of the release
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

import hashlib

import mlflow
import production

client = production.connect("changed_answers")
name = "drill_changed_answers"
folder = mlflow.artifacts.download_artifacts(f"models:/{name}/2")
content = (Path(folder) / "model.skops").read_bytes()
md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
client.set_model_version_tag(name, "2", "md5.model.skops", md5)
production.promote(name, "2")
