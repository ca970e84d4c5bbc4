"""Give both the service and the webhook a new secret, and restart the service."""

import os
import subprocess
import sys
from pathlib import Path

from mlflow import MlflowClient

client = MlflowClient()
file = Path(os.environ["LAB_OUTPUT"], "drill_slow_switch", "service.env")
file.write_text("LAB_WEBHOOK_SECRET=a-new-secret-for-both\n")
[webhook] = [hook for hook in client.list_webhooks() if hook.name == "drill_slow_switch"]
client.update_webhook(webhook.webhook_id, secret="a-new-secret-for-both")  # noqa: S106
subprocess.run([sys.executable, "-m", "lab", "drill", "restart"], check=True)
