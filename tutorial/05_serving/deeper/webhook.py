# %% [markdown]
"""
A webhook: the registry calls an address of yours when somebody moves an alias.

A server that looks up its alias every second costs the registry a request per second. With a webhook
it can wait instead. Anybody can call that address, so the registry signs what it sends.
"""

# %%
import base64
import hmac
import json
import os
import secrets
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlsplit

import mlflow
from mlflow import MlflowClient

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
client = MlflowClient()

# %% A receiver that keeps one delivery, at the address under which the registry sees this machine
deliveries = []


class Receiver(BaseHTTPRequestHandler):
    """Keeps what it receives."""

    def do_POST(self):
        """Keep a delivery and answer 200."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        deliveries.append((self.headers, body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        """Print nothing about requests."""


tracking = urlsplit(os.environ["MLFLOW_TRACKING_URI"])
with socket.create_connection((tracking.hostname, tracking.port)) as connection:
    address = connection.getsockname()[0]
receiver = HTTPServer((address, 0), Receiver)
waiting = threading.Thread(target=receiver.handle_request)
waiting.start()

# %% Ask the registry for a call, then move an alias
[version, *_] = client.search_model_versions("name = 'iris_served'")
secret = secrets.token_urlsafe()
url = f"http://{address}:{receiver.server_port}/"
webhook = client.create_webhook("demo", url, ["model_version_alias.created"], secret=secret)
try:
    client.set_registered_model_alias("iris_served", "webhook_demo", version.version)
    waiting.join(60)
finally:
    client.delete_webhook(webhook.webhook_id)
    client.delete_registered_model_alias("iris_served", "webhook_demo")

# %% What arrived, and whether it is signed with the secret
headers, body = deliveries[0]
delivery = json.loads(body)
print("event:", delivery["entity"], delivery["action"])
print("data: ", delivery["data"])
signed = f"{headers['X-MLflow-Delivery-Id']}.{headers['X-MLflow-Timestamp']}.".encode() + body
digest = base64.b64encode(hmac.new(secret.encode(), signed, "sha256").digest()).decode()
print("signature is right:", hmac.compare_digest(f"v1,{digest}", headers["X-MLflow-Signature"]))
