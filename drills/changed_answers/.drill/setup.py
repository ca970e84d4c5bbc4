"""Two versions and a copy of the second one. Then somebody overwrites a file of the second one in the store."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import hashlib
import tempfile

import mlflow
import production
import requests

name = "drill_changed_answers"
client = production.connect("changed_answers")
train, heldout = production.flowers()

first = production.log_version(name, "sepal width", production.older(train), train, heldout)
production.approve(name, first, "2026-10")

four = production.pipeline().fit(train[production.COLUMNS], train["species"])
second = production.log_version(name, "four columns", four, train, heldout)
production.approve(name, second, "2026-11")
production.promote(name, second)
with tempfile.TemporaryDirectory() as scratch:
    folder = mlflow.artifacts.download_artifacts(f"models:/{name}/{second}", dst_path=scratch)
    content = (Path(folder) / "model.skops").read_bytes()
md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
client.set_model_version_tag(name, second, "md5.model.skops", md5)
# For the check. MLflow's pages do not show tags of a run whose names begin so.
client.set_tag(client.get_model_version(name, second).run_id, "mlflow.drill.md5", md5)
client.copy_model_version(f"models:/{name}/{second}", name)

# What is wrong: the server lets anybody write to the files of a version, and the registry does not notice.
weak = production.pipeline(C=0.003).fit(train[production.COLUMNS], train["species"])
with tempfile.TemporaryDirectory() as scratch:
    mlflow.sklearn.save_model(weak, f"{scratch}/model", pip_requirements=production.packages())
    content = (Path(scratch) / "model" / "model.skops").read_bytes()
address = production.artifact_address(name, second, "model.skops")
requests.put(address, data=content, timeout=60).raise_for_status()
