"""Train the model again, and promote the new version."""

import runpy

from lab.drilling import production

trained = runpy.run_path("drills/does_not_load/train.py")["info"]
production.promote("drill_does_not_load", trained.registered_model_version)
