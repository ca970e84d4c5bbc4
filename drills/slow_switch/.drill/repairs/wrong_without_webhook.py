"""Delete the webhook, and restart the service.

Afterwards the drill must begin again.
The check must say: the registry has no webhook that calls http
"""

import subprocess
import sys

from mlflow import MlflowClient

client = MlflowClient()
for webhook in client.list_webhooks():
    if webhook.name == "drill_slow_switch":
        client.delete_webhook(webhook.webhook_id)
subprocess.run([sys.executable, "-m", "lab", "drill", "restart"], check=True)
