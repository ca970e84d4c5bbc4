"""Put the right file in the place of the changed one, and leave the tag.

Afterwards the drill must begin again.
The check must say: Register a new version: version 2 and its tag are evidence
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

import tempfile

import mlflow
import production
import requests

production.connect("changed_answers")
train, _ = production.flowers()
model = production.pipeline().fit(train[production.COLUMNS], train["species"])
with tempfile.TemporaryDirectory() as scratch:
    mlflow.sklearn.save_model(model, f"{scratch}/model", pip_requirements=production.packages())
    content = Path(scratch, "model", "model.skops").read_bytes()
address = production.artifact_address("drill_changed_answers", "2", "model.skops")
requests.put(address, data=content, timeout=60).raise_for_status()
production.promote("drill_changed_answers", "2")
