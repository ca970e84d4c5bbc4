"""Delete every webhook of the registry: python -m tests.inside.delete_webhooks"""

from mlflow import MlflowClient

client = MlflowClient()
for webhook in client.list_webhooks():
    client.delete_webhook(webhook.webhook_id)
