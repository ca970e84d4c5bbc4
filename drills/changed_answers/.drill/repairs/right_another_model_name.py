"""Register the new model under another name first, then copy the version, as a company with two stages does."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

import mlflow
import production

from lab.store import objects

client = production.connect("changed_answers")
name = "drill_changed_answers"
train, heldout = production.flowers()
model = production.pipeline().fit(train[production.COLUMNS], train["species"])
version = production.log_version(f"{name}_qa", "again", model, train, heldout)
copy = client.copy_model_version(f"models:/{name}_qa/{version}", name)
source = client.get_model_version(f"{name}_qa", version).source
location = mlflow.get_logged_model(source.removeprefix("models:/")).artifact_location
[md5] = [
    item.md5
    for item in objects(location.removeprefix("mlflow-artifacts:/").strip("/"))
    if item.key.endswith("model.skops")
]
client.set_model_version_tag(name, copy.version, "md5.model.skops", md5)
production.promote(name, copy.version)
