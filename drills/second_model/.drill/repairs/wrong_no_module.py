"""Delete the module of the field's model from the store.

Afterwards the drill must begin again.
The check must say: cannot be loaded
"""

from mlflow import MlflowClient

from lab.drilling import files

name = "drill_second_model_field"
version = MlflowClient().get_model_version_by_alias(name, "champion").version
files.delete(name, version, "code/features.py")
