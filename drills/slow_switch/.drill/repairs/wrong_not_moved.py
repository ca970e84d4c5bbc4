"""Give the webhook the secret of the service, and do not move the alias.

Afterwards the drill must begin again.
The check must say: The webhook works now
"""

import os
from pathlib import Path

from mlflow import MlflowClient

client = MlflowClient()
file = Path(os.environ["LAB_OUTPUT"], "drill_slow_switch", "service.env")
secret = file.read_text().strip().partition("=")[2]
[webhook] = [hook for hook in client.list_webhooks() if hook.name == "drill_slow_switch"]
client.update_webhook(webhook.webhook_id, secret=secret)
