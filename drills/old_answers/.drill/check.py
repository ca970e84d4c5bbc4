"""The service must answer with the release, and the alias must lead to the release."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
import judging
import production
import requests

from lab.checks.registry import start_check

name = "drill_old_answers"
client = start_check()
version = judging.champion(client, name)
label = judging.label(version)
_, heldout = production.flowers()
rows = heldout[production.COLUMNS]
released = judging.run_named(client, name, "four columns")
if version.run_id != released.info.run_id:
    sys.exit(f"{label} is another model than release 2026-11. The release must stay champion.")

address = os.environ.get("LAB_DRILL_SERVICE") or "http://127.0.0.1:8082"
direct = requests.Session()
# No proxy is asked for the way to this machine.
direct.trust_env = False
try:
    body = {"dataframe_split": rows.to_dict(orient="split", index=False)}
    response = direct.post(f"{address}/invocations", json=body, timeout=30)
    given = response.json()["predictions"]
except (requests.RequestException, LookupError, ValueError, TypeError) as error:
    sys.exit(
        f"The service at {address} gives no answers ({type(error).__name__}). To start it: lab drill restart"
    )
expected = list(judging.answers(judging.load(version), version, rows))
different = sum(a != b for a, b in zip(given, expected, strict=True))
if different:
    sys.exit(
        f"The service is still wrong: {different} of {len(rows)} answers differ from the answers of {label}."
    )
print(f"ok  {label} is release 2026-11")
print(f"ok  the service at {address} gives the same {len(rows)} answers")
