"""Give the webhook the secret of the service, and move the alias once more."""

import os
import time
from pathlib import Path

import requests
from mlflow import MlflowClient

client = MlflowClient()
file = Path(os.environ["LAB_OUTPUT"], "drill_slow_switch", "service.env")
secret = file.read_text().strip().partition("=")[2]
[webhook] = [hook for hook in client.list_webhooks() if hook.name == "drill_slow_switch"]
client.update_webhook(webhook.webhook_id, secret=secret)
client.set_registered_model_alias("drill_slow_switch", "champion", "2")
address = os.environ.get("LAB_DRILL_SERVICE") or "http://127.0.0.1:8082"
session = requests.Session()
session.trust_env = False
for _ in range(100):
    status = session.get(f"{address}/status", timeout=10).json()
    if status["serves"] == "models:/drill_slow_switch/2":
        break
    time.sleep(0.1)
