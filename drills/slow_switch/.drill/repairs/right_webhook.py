"""Give the webhook the secret of the service, and set the alias again so that the registry calls the service."""

import runpy
from pathlib import Path

from lab.drilling import production, service

runpy.run_path(str(Path(__file__).with_name("wrong_not_moved.py")))
name = "drill_slow_switch"
production.promote(name, "2")
service.begins_to_serve(f"models:/{name}/2", seconds=10)
