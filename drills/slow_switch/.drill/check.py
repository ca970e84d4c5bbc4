"""The service must serve the champion, follow the alias in both directions, and refuse calls that are not signed."""

import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]
import judging
import requests
import wiring

from lab.checks.registry import start_check

name = "drill_slow_switch"
client = start_check()
session = wiring.direct()
version = judging.champion(client, name)
if version.run_id != judging.run_named(client, name, "four columns").info.run_id:
    sys.exit(
        f"{judging.label(version)} is not the new release. Noor wants version 2 to stay champion."
    )


def served() -> str:
    """Return the address of the version that the service serves."""
    try:
        return str(session.get(f"{wiring.ADDRESS}/status", timeout=10).json()["serves"])
    except (requests.RequestException, LookupError, ValueError, TypeError) as error:
        sys.exit(
            f"The service at {wiring.ADDRESS} does not say what it serves ({type(error).__name__}). "
            "To start it: lab drill restart"
        )


def follows(number: str) -> bool:
    """Move the alias, and tell whether the service serves that version within five seconds."""
    client.set_registered_model_alias(name, "champion", number)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if served() == f"models:/{name}/{number}":
            return True
        time.sleep(0.1)
    return False


def statuses() -> list[int]:
    """Let the registry try its webhooks for the service. Return the status of each answer."""
    tried = [client.test_webhook(hook.webhook_id) for hook in calling]
    return [result.response_status or 0 for result in tried]


webhooks = client.list_webhooks()
calling = [hook for hook in webhooks if hook.url == wiring.webhook_url()]
others = [
    v for v in client.search_model_versions(f"name = '{name}'") if v.version != version.version
]
if not others:
    sys.exit(f"{name} has only one version left, so the check has nowhere to move the alias.")
before = served()
if before != f"models:/{name}/{version.version}":
    message = (
        f"The alias leads to version {version.version}, and the service still serves {before}."
    )
    if 200 in statuses():
        message += "\nThe webhook works now. But the service has not heard of the earlier move of the alias."
    sys.exit(message)
if not calling:
    sys.exit(
        "The service serves the champion at this moment. But the registry has no webhook that calls it, at "
        f"{wiring.webhook_url()}, so the service will not notice the next move."
    )
followed = False
try:
    followed = follows(others[0].version)
finally:
    client.set_registered_model_alias(name, "champion", version.version)
if not followed or not follows(version.version):
    status = max(statuses())
    cause = (
        f"The service answered the registry's call with {status}." if status else "No call arrived."
    )
    sys.exit(
        "The service serves the champion that it found when it started. The check has moved the alias and moved it "
        f"back, and the service did not notice.\n{cause}"
    )
if session.post(f"{wiring.ADDRESS}/webhook", json={}, timeout=10).status_code != 401:
    sys.exit("The service follows the alias, but it also takes calls that are not signed.")
print(f"ok  the service serves {before}, the champion")
print("ok  the check moved the alias and moved it back, and the service followed both times")
print("ok  the service refuses calls that are not signed")
