"""What is away when the service starts, or while it runs: the alias, the tracking server."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.labs import Lab, free_ports
from tests.support.services import Clients, Registry, serve


def test_without_its_alias_it_waits_and_says_so_and_is_ready_when_it_appears(
    lab, registry, tmp_path
):
    with serve(lab, f"models:/{registry.name}@later", tmp_path) as service:
        assert "Registered model alias later not found" in service.problem()
        refused = service.ask()
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        assert refused.headers["Content-Type"] == "application/json"
        assert refused.json()["error_code"] == "TEMPORARILY_UNAVAILABLE"
        assert "There is no model yet." in refused.json()["message"]
        assert [service.get(path).status_code for path in ("/ping", "/health", "/ready")] == [
            404,
            404,
            503,
        ]
        assert service.status()["serves"] is None
        told = lab.run("python", "examples/05_serving/client.py", "--url", service.inner_url)
        assert (told.returncode, told.stdout) == (1, "")
        assert f"{service.inner_url} has no model yet. models:/{registry.name}@later" in told.stderr
        assert len(told.stderr.splitlines()) == 1

        registry.move("better", alias="later")
        try:
            service.until(serves=registry.uri("better"), problem=None)
            assert [service.get(path).status_code for path in ("/ping", "/health", "/ready")] == [
                200
            ] * 3
            assert service.ask().json() == {"predictions": [20, 21, 22]}
        finally:
            registry.remove("later")


class Tracking:
    """A tracking server that tests may stop: the stack's, or in the embedded mode one on a copy of the data."""

    def __init__(self, lab: Lab, registry: Registry, folder: Path) -> None:
        """Prepare it; the registry's champion is version `good`."""
        self.lab, self.registry = lab, registry
        registry.move("good")
        if lab.mode == "embedded":
            state, port = folder / "state", free_ports(1)[0]
            shutil.copytree(lab.settings["LAB_STATE"], state)
            (state / "server.pid").unlink()
            self.lab = Lab("embedded", {"LAB_STATE": str(state), "MLFLOW_PORT": port})
            self.registry = replace(registry, url=f"http://127.0.0.1:{port}")

    def stop(self) -> None:
        """Stop it."""
        embedded = self.lab.mode == "embedded"
        stopped = self.lab.host("down") if embedded else self.lab.compose("stop", "mlflow")
        assert stopped.returncode == 0, stopped.stderr

    def start(self) -> None:
        """Start it; return when it answers."""
        embedded = self.lab.mode == "embedded"
        started = self.lab.host("up") if embedded else self.lab.compose("up", "--wait", "mlflow")
        assert started.returncode == 0, started.stderr


@pytest.fixture(scope="module")
def tracking(lab, registry, tmp_path_factory):
    """Lend a tracking server; leave the stack's running."""
    server = Tracking(lab, registry, tmp_path_factory.mktemp("tracking"))
    yield server
    server.start() if lab.mode == "stack" else server.stop()


# So that a look at a server that is away does not take its usual 28 s.
IMPATIENT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}


def test_it_may_start_while_the_tracking_server_is_away_and_becomes_ready(tracking, tmp_path):
    tracking.stop()
    model = f"models:/{tracking.registry.name}@champion"
    with serve(tracking.lab, model, tmp_path, **IMPATIENT) as service:
        assert f"{model} cannot be looked up: API request to" in service.problem()
        assert (service.get("/ping").status_code, service.ask().status_code) == (404, 503)
        tracking.start()
        service.until(serves=tracking.registry.uri("good"), problem=None)
        assert service.ask().json() == {"predictions": [10, 11, 12]}


def test_it_serves_on_while_the_tracking_server_is_away_and_follows_again_afterwards(
    tracking, tmp_path
):
    tracking.start()
    model, good = f"models:/{tracking.registry.name}@champion", tracking.registry.uri("good")
    with serve(tracking.lab, model, tmp_path, **IMPATIENT) as service:
        service.until(serves=good)
        with Clients(service) as clients:
            tracking.stop()
            service.knock()
            assert f"{model} cannot be looked up: API request to" in service.problem()
            clients.until(good)
        clients.assert_served(good)
        assert service.get("/ready").status_code == 200
        tracking.start()
        tracking.registry.move("better")
        service.knock()
        service.until(serves=tracking.registry.uri("better"), problem=None)
        assert service.ask().json() == {"predictions": [20, 21, 22]}
