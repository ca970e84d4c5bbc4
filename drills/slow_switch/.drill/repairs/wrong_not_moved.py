"""Give the webhook the secret of the service, and do not move the alias.

Afterwards the drill must begin again.
The check must say: The webhook works now
"""

from mlflow import MlflowClient

from lab.drilling import service

client, name = MlflowClient(), "drill_slow_switch"
secret = service.settings_file(name).read_text().strip().partition("=")[2]
[webhook] = [webhook for webhook in client.list_webhooks() if webhook.name == name]
client.update_webhook(webhook.webhook_id, secret=secret)
