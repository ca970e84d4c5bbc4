"""Labs of the tests' own, one in each mode, beside the learner's and never touching it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.labs import ROOT, Lab, free_ports, stack_settings, start

MODES = os.environ.get("LAB_TEST_MODES", "embedded stack").split()


@pytest.fixture(scope="session")
def embedded_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The lab without Docker, on a folder of its own."""
    state = str(tmp_path_factory.mktemp("embedded"))
    lab = Lab("embedded", {"LAB_STATE": state, "MLFLOW_PORT": free_ports(1)[0]})
    try:
        start(lab)
        yield lab
    finally:
        lab.host("down")


@pytest.fixture(scope="session")
def stack_lab() -> Iterator[Lab]:
    """The lab on Compose, in a project of its own."""
    lab = Lab("stack", stack_settings("mlflow-model-lab-test"))
    try:
        start(lab)
        yield lab
    finally:
        lab.compose("down", "--volumes", "--remove-orphans")


@pytest.fixture(params=MODES, scope="session")
def lab(request: pytest.FixtureRequest) -> Lab:
    """The running lab, in each mode that can be had here."""
    return request.getfixturevalue(f"{request.param}_lab")


# Before pytest-xdist's own, which reads the marks.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of one mode together: pytest-xdist then runs the two modes side by side."""
    for item in items:
        mode = item.callspec.params.get("lab") if hasattr(item, "callspec") else None
        if mode is None and (
            "embedded_lab" in item.fixturenames or item.path.stem == "test_schema"
        ):
            mode = "embedded"
        if mode is None and item.path.parent.name == "stack":
            mode = "stack"
        if mode:
            item.add_marker(pytest.mark.xdist_group(mode))


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out the stack's own tests where no engine is to be used."""
    return True if "stack" not in MODES and collection_path == ROOT / "tests" / "stack" else None
