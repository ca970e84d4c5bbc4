"""Remove the module of the field's model from the store.

The check must say: cannot be loaded
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))
import production

production.connect("second_model")
production.delete_file("drill_second_model_field", "1", "code/features.py")
