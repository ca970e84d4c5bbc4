"""The service of lesson 05, running in each mode."""

import json
import uuid
from collections.abc import Iterator

import pytest

from tests.support.labs import Lab
from tests.support.services import ContainerService, Registry, Service, answering, serve

SUBSCRIBE = "examples/05_serving/subscribe.py"


@pytest.fixture(scope="session")
def registry(lab: Lab) -> Iterator[Registry]:
    """The lab's registry, with a model of the tests' own; it and its experiment are removed at the end."""
    name = f"test-serving-{uuid.uuid4().hex[:8]}"
    versions = json.loads(lab.script("serving_versions", name))
    yield Registry(f"http://127.0.0.1:{lab.settings['MLFLOW_PORT']}", name, versions)
    code = f"from tests.inside.sandbox import remove_everything; remove_everything({name!r})"
    removed = lab.run("python", "-c", code)
    assert removed.returncode == 0, removed.stderr


@pytest.fixture(scope="session")
def running(
    lab: Lab, registry: Registry, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """The service that follows the model's champion and is told of its moves, as the README starts it."""
    registry.move("good")
    model = f"models:/{registry.name}@champion"
    if lab.mode == "embedded":
        with serve(lab, model, tmp_path_factory.mktemp("service")) as service:
            told = lab.run(
                "python", SUBSCRIBE, f"{service.url}/webhook", LAB_WEBHOOK_SECRET=service.secret
            )
            assert told.returncode == 0, told.stderr
            yield service
    else:
        profile = ["--profile", "serving"]
        started = lab.compose(*profile, "up", "--build", "--detach", "--wait", SERVING_MODEL=model)
        assert started.returncode == 0, started.stderr
        config = json.loads(lab.compose(*profile, "config", "--format", "json").stdout)
        secret = config["services"]["serving"]["environment"]["LAB_WEBHOOK_SECRET"]
        url = f"http://127.0.0.1:{lab.settings['SERVING_PORT']}"
        container = lab.compose(*profile, "ps", "--quiet", "serving").stdout.strip()
        yield answering(ContainerService(url, "http://serving:8080", secret, container))
        removed = lab.compose(*profile, "rm", "--stop", "--force", "serving", "serving-setup")
        assert removed.returncode == 0, removed.stderr
    unsubscribe(lab)


def unsubscribe(lab: Lab) -> None:
    """Delete every webhook: nobody listens any more."""
    lab.script("delete_webhooks")


@pytest.fixture
def service(running: Service, registry: Registry) -> Service:
    """The running service, serving version `good`."""
    registry.move("good")
    running.until(serves=registry.uri("good"), problem=None)
    return running
