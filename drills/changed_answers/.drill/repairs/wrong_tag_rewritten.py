"""Put the right file in the place of the changed one, and make the tag of version 2 fit it.

Afterwards the drill must begin again.
The check must say: is not the tag that the release job wrote
"""

import hashlib
import runpy
from pathlib import Path

from mlflow import MlflowClient

patched = runpy.run_path(str(Path(__file__).with_name("wrong_patched.py")))
md5 = hashlib.md5(patched["content"], usedforsecurity=False).hexdigest()
MlflowClient().set_model_version_tag("drill_changed_answers", "2", "md5.model.skops", md5)
