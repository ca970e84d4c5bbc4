"""Labs of the tests' own, one in each mode, beside the learner's and never touching it."""

import os
from collections.abc import Iterator

import pytest

from lab.lessons import find, lessons
from tests.support.labs import ROOT, Lab, delete, free_ports, stack_settings, start

# make test gives each mode a process of its own, and tells the one of the other.
STACK_BESIDE = "LAB_TEST_BESIDE" in os.environ
MODES = os.environ.get("LAB_TEST_MODES", "embedded stack").split()


@pytest.fixture(scope="session")
def embedded_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The lab without Docker, on a folder of its own."""
    state = str(tmp_path_factory.mktemp("embedded"))
    ports = dict(zip(("MLFLOW_PORT", "JUPYTER_PORT"), free_ports(2), strict=True))
    lab = Lab("embedded", {"LAB_STATE": state} | ports)
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
        delete(lab)


@pytest.fixture(params=MODES, scope="session")
def lab(request: pytest.FixtureRequest) -> Lab:
    """The running lab, in each mode that can be had here."""
    return request.getfixturevalue(f"{request.param}_lab")


def mode_of(item: pytest.Item) -> str:
    """Return the mode that a test belongs to; what needs no lab goes with the embedded mode."""
    if hasattr(item, "callspec") and "lab" in item.callspec.params:
        return item.callspec.params["lab"]
    return "stack" if item.path.parent.name == "stack" else "embedded"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out the tests of a mode that is not asked for: make test gives each mode a process of its own."""
    items[:] = [item for item in items if mode_of(item) in MODES and not done_on_the_stack(item)]


def done_on_the_stack(item: pytest.Item) -> bool:
    """Tell whether a lesson's claims are tried in its profile's trainer, so that once more without it is too much."""
    if item.originalname != "test_the_lesson_s_claims_hold" or mode_of(item) == "stack":
        return False
    lesson = find(item.callspec.params["lesson"], lessons(ROOT))
    return lesson.profile is not None and STACK_BESIDE
