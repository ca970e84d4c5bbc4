"""Create a webhook: the registry then calls the service whenever somebody sets or deletes an alias.

    python examples/05_serving/subscribe.py http://serving:8080/webhook

Run this once, as a person who may change the registry. The service itself only reads the registry.
"""

import os
import sys

import mlflow
from mlflow import MlflowClient

EVENTS = ["model_version_alias.created", "model_version_alias.deleted"]

if len(sys.argv) != 2 or not sys.argv[1].startswith(("http://", "https://")):
    sys.exit("Give the address of the service's webhook: subscribe.py http://serving:8080/webhook")
url = sys.argv[1]
secret = os.environ.get("LAB_WEBHOOK_SECRET")
if not secret:
    sys.exit("LAB_WEBHOOK_SECRET is not set. Give the service and this script the same one.")

# Without an address MLflow would write to a file mlflow.db in this folder, and give no warning.
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
client = MlflowClient()
name = "serving"
webhooks = [webhook for webhook in client.list_webhooks() if webhook.url == url]
if webhooks:
    # The registry never shows a secret, so this script cannot see whether it is still the right one.
    client.update_webhook(webhooks[0].webhook_id, events=EVENTS, secret=secret, status="ACTIVE")
else:
    client.create_webhook(name, url, EVENTS, secret=secret)
for webhook in webhooks[1:]:
    client.delete_webhook(webhook.webhook_id)
print(f"{url} {'has its webhook anew' if webhooks else 'has a webhook'}: {', '.join(EVENTS)}")
