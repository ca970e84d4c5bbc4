"""Ask for any newer version.

The check must say: Tomás wants one version, pinned
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

import mlflow
import production

production.connect("new_environment")
train, heldout = production.flowers()
model = mlflow.sklearn.load_model("models:/drill_new_environment/2")
version = production.log_version(
    "drill_new_environment", "again", model, train, heldout, pip_requirements=["scikit-learn>=1.2"]
)
production.promote("drill_new_environment", version)
