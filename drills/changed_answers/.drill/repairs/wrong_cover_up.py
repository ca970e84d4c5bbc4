"""Write the MD5 of the changed file to the tag of version 2.

Afterwards the drill must begin again.
The check must say: but 8 of 50 predictions are different from the release
"""

from mlflow import MlflowClient

from lab.drilling import files, production

name = "drill_changed_answers"
md5 = files.md5_of_model_file(name, "2")
MlflowClient().set_model_version_tag(name, "2", "md5.model.skops", md5)
production.promote(name, "2")
