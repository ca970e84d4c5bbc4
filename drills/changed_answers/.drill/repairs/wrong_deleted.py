"""Promote version 1, and delete version 2, which is evidence.

Afterwards the drill must begin again.
The check must say: The audit needs it as evidence
"""

from mlflow import MlflowClient

from lab.drilling import production

name = "drill_changed_answers"
production.promote(name, "1")
MlflowClient().delete_model_version(name, "2")
