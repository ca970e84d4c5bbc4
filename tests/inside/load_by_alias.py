"""Load every registered model by each of its aliases, and print the addresses.

Run it in a lab's shell: python tests/inside/load_by_alias.py
"""

import os

import mlflow

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
for registered in mlflow.search_registered_models():
    for alias in registered.aliases:
        address = f"models:/{registered.name}@{alias}"
        mlflow.pyfunc.load_model(address)
        print(address)
