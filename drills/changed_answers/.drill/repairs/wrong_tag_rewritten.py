"""Upload the right file in place of the changed one, and write its MD5 to the tag of version 2.

Afterwards the drill must begin again.
The check must say: does not have the value that the release job wrote
"""

import runpy
from pathlib import Path

from mlflow import MlflowClient

from lab.drilling import files

runpy.run_path(str(Path(__file__).with_name("wrong_patched.py")))
name = "drill_changed_answers"
md5 = files.md5_of_model_file(name, "2")
MlflowClient().set_model_version_tag(name, "2", "md5.model.skops", md5)
