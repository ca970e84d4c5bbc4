"""Check that the service serves the champion, follows the alias both ways, and refuses calls without a signature."""

import sys

from lab.checks.registry import start_check
from lab.drilling import judging, service

name = "drill_slow_switch"
client = start_check()
champion = judging.find_champion(client, name)
number = champion.version.version
if champion.version.run_id != judging.run_named(client, name, "four columns").info.run_id:
    sys.exit(f"{champion} is not the new release. Noor needs version 2 as the champion.")


def follows_alias_to(number: str) -> bool:
    """Move the alias, and tell whether the service serves that version within five seconds."""
    client.set_registered_model_alias(name, "champion", number)
    return service.begins_to_serve(f"models:/{name}/{number}", seconds=5)


def webhook_statuses() -> list[int]:
    """Let the registry test each webhook that calls the service. Return the status of each response, or 0."""
    tested = [client.test_webhook(webhook.webhook_id) for webhook in webhooks]
    return [result.response_status or 0 for result in tested]


url = service.webhook_url()
webhooks = [webhook for webhook in client.list_webhooks() if webhook.url == url]
others = [v for v in client.search_model_versions(f"name = '{name}'") if v.version != number]
if not others:
    sys.exit(f"{name} has only one version left, so the check cannot move the alias.")
served = service.served_model()
if served != f"models:/{name}/{number}":
    message = f"The alias leads to version {number}, and the service still serves {served}."
    if 200 in webhook_statuses():
        message += "\nThe webhook works now. But the service missed the last move of the alias."
    sys.exit(message)
if not webhooks:
    sys.exit(
        f"The service serves the champion now. But the registry has no webhook that calls {url}, so the service "
        "will miss the next move of the alias."
    )
has_followed = False
try:
    has_followed = follows_alias_to(others[0].version)
finally:
    client.set_registered_model_alias(name, "champion", number)
if not has_followed or not follows_alias_to(number):
    status = max(webhook_statuses())
    cause = (
        f"The service answered the registry's call with status {status}."
        if status
        else "The registry's call did not reach the service."
    )
    sys.exit(
        "The service still serves the version that was the champion when the service started. The check moved the "
        f"alias to another version and back, and the service did not follow.\n{cause}"
    )
if service.session().post(f"{service.ADDRESS}/webhook", json={}, timeout=10).status_code != 401:
    sys.exit("The service follows the alias, but it also accepts calls without a signature.")
print(f"ok  the service serves {served}, the champion")
print(
    "ok  the check moved the alias to another version and back, and the service followed both times"
)
print("ok  the service refuses calls without a signature")
