"""Train the model again, and upload its file in place of the missing one."""

import runpy

import mlflow
import requests
from mlflow import MlflowClient

from lab.drilling import files, production

name = "drill_does_not_load"
trained = runpy.run_path("drills/does_not_load/train.py")["info"]
folder = mlflow.artifacts.download_artifacts(trained.model_uri)
with open(f"{folder}/{files.MODEL_FILE}", "rb") as file:
    address = files.address(name, "2", files.MODEL_FILE)
    requests.put(address, data=file, timeout=60).raise_for_status()
MlflowClient().delete_model_version(name, str(trained.registered_model_version))
production.promote(name, "2")
