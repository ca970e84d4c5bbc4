"""Register two releases, and create a webhook. What is wrong: the webhook and the service have different secrets."""

import secrets

from lab.drilling import production, service

name = "drill_slow_switch"
client = production.connect(name)
production.two_releases(name)
production.promote(name, "1")

file = service.settings_file(name)
file.parent.mkdir(parents=True, exist_ok=True)
file.write_text(f"LAB_WEBHOOK_SECRET={secrets.token_hex(16)}\n", encoding="utf-8")
events = ["model_version_alias.created", "model_version_alias.deleted"]
client.create_webhook(name, service.webhook_url(), events, secret=secrets.token_hex(16))
