"""Remove the module of the field's model from the store.

Afterwards the drill must begin again.
The check must say: cannot be loaded
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))
import production

client = production.connect("second_model")
name = "drill_second_model_field"
version = client.get_model_version_by_alias(name, "champion").version
production.delete_file(name, version, "code/features.py")
