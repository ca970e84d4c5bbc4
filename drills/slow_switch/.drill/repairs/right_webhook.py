"""Give the webhook the secret of the service, and set the alias again so that the registry calls the service."""

import runpy
import time
from pathlib import Path

from lab.drilling import production, service

runpy.run_path(str(Path(__file__).with_name("wrong_not_moved.py")))
name = "drill_slow_switch"
production.promote(name, "2")
for _ in range(100):
    status = service.session().get(f"{service.ADDRESS}/status", timeout=10).json()
    if status["serves"] == f"models:/{name}/2":
        break
    time.sleep(0.1)
