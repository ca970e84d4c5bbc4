"""Check that the alias leads to the release, and that the service returns the predictions of the release."""

import sys

import requests

from lab.checks.flowers import COLUMNS
from lab.checks.registry import start_check
from lab.drilling import judging, production, service

name = "drill_old_answers"
client = start_check()
champion = judging.find_champion(client, name)
released = judging.run_named(client, name, "four columns")
if champion.version.run_id != released.info.run_id:
    sys.exit(f"{champion} is not the model of release 2026-11. The release must stay champion.")

_, heldout = production.flowers()
rows = heldout[COLUMNS]
body = {"dataframe_split": rows.to_dict(orient="split", index=False)}
try:
    response = service.session().post(f"{service.ADDRESS}/invocations", json=body, timeout=30)
    predicted = response.json()["predictions"]
except (requests.RequestException, LookupError, ValueError, TypeError) as error:
    sys.exit(
        f"The service at {service.ADDRESS} returns no predictions ({type(error).__name__}). "
        "To start it: lab drill restart"
    )
expected = judging.predictions(judging.load(champion), champion, rows)
different = sum(a != b for a, b in zip(predicted, expected, strict=True))
if different:
    sys.exit(
        f"The service does not serve the champion: {different} of its {len(rows)} predictions differ from the "
        f"predictions of {champion}."
    )
print(f"ok  {champion} is release 2026-11")
print(f"ok  the service at {service.ADDRESS} returns the same {len(rows)} predictions")
