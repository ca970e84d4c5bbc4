"""Two versions, a secret of the service, and a webhook. What is wrong: the webhook has another secret."""

import secrets
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]
import production
import wiring

name = "drill_slow_switch"
client = production.connect("slow_switch")
train, heldout = production.flowers()

first = production.log_version(name, "sepal width", production.older(train), train, heldout)
production.approve(name, first, "2026-10")
production.promote(name, first)
four = production.pipeline().fit(train[production.COLUMNS], train["species"])
second = production.log_version(name, "four columns", four, train, heldout)
production.approve(name, second, "2026-11")

file = wiring.settings()
file.parent.mkdir(parents=True, exist_ok=True)
file.write_text(f"LAB_WEBHOOK_SECRET={secrets.token_hex(16)}\n", encoding="utf-8")
events = ["model_version_alias.created", "model_version_alias.deleted"]
client.create_webhook(name, wiring.webhook_url(), events, secret=secrets.token_hex(16))
