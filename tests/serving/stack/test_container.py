"""What the service's container may do, and what it knows."""

import json
import re

import pytest

from tests.serving.services import serve


@pytest.fixture(scope="module")
def inside(stack_lab, tmp_path_factory):
    """Return a function that runs a command in a container of the service and returns all it prints."""
    with serve(stack_lab, "models:/none@champion", tmp_path_factory.mktemp("none")) as service:

        def run(*words: str) -> str:
            ran = service.docker("exec", service.container, *words)
            return ran.stdout + ran.stderr

        yield run


@pytest.mark.parametrize("path", ["/x", "/home/learner/x", "/lab/x", "/lab/examples/x"])
def test_its_file_system_is_read_only(inside, path):
    assert "Read-only file system" in inside("touch", path)


def test_it_does_not_run_as_root_and_cannot_become_it(inside):
    status = inside("cat", "/proc/1/status")
    assert not re.search(r"^Uid:.*\b0\b", status, flags=re.MULTILINE)
    assert re.search(r"^CapBnd:\s+0+$", status, flags=re.MULTILINE)
    assert re.search(r"^NoNewPrivs:\s+1$", status, flags=re.MULTILINE)


def test_it_gets_no_other_service_s_secret(stack_lab, inside):
    listed = stack_lab.compose("--profile", "serving", "config", "--format", "json").stdout
    others = {
        f"{service}: {name}": value
        for service, config in json.loads(listed)["services"].items()
        for name, value in config.get("environment", {}).items()
        if name.endswith(("PASSWORD", "SECRET", "KEY")) and not service.startswith("serving")
    }
    # Three of the database, three of the store, one of the webhooks.
    assert len(set(others.values())) >= 7
    known = inside("env")
    assert [name for name, value in others.items() if value in known] == []
