"""Make the model again, and write its MD5 to the tag."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

import hashlib

import mlflow
import production

client = production.connect("changed_answers")
name = "drill_changed_answers"
train, heldout = production.flowers()
model = production.pipeline().fit(train[production.COLUMNS], train["species"])
version = production.log_version(name, "again", model, train, heldout)
folder = mlflow.artifacts.download_artifacts(f"models:/{name}/{version}")
content = (Path(folder) / "model.skops").read_bytes()
md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
client.set_model_version_tag(name, version, "md5.model.skops", md5)
production.promote(name, version)
