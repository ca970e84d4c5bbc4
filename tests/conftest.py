"""Labs of the tests' own, one in each mode, beside the learner's and never touching it; options and markers.

The options are described below, the markers in pyproject.toml.
"""

import json
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.support.demo import Demo
from tests.support.labs import Lab, delete, free_ports, only_run, stack_settings, start

MODES = ("embedded", "stack")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options with which `make test`, `make screenshots` and `make pages` call pytest."""
    group = parser.getgroup("lab", "the lab's tests")
    group.addoption(
        "--mode",
        action="append",
        choices=MODES,
        help="run the tests of this mode only; tests that need no lab belong to embedded; repeatable",
    )
    group.addoption(
        "--both-modes",
        action="store_true",
        help="the other mode's tests run at the same time, in a process of their own; the embedded mode's process "
        "leaves out what the stack's process tests as well, and runs the tests that start stacks of their own",
    )
    group.addoption(
        "--screenshots",
        action="store_true",
        help="take the READMEs' pictures again where they are out of date, and test no other page",
    )
    group.addoption(
        "--pages",
        action="store_true",
        help="write the lessons' pages again where they are out of date",
    )
    group.addoption(
        "--choice-file",
        type=Path,
        help="write to this file, as JSON, the modes of the chosen tests and whether all of them are quick",
    )


@pytest.fixture(scope="session")
def embedded_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The lab without Docker, on a folder of its own."""
    state = str(tmp_path_factory.mktemp("embedded"))
    names = ("MLFLOW_PORT", "JUPYTER_PORT", "SERVING_PORT")
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    lab = Lab("embedded", {"LAB_STATE": state} | ports)
    try:
        start(lab)
        yield lab
    finally:
        lab.host("down")


@pytest.fixture(scope="session", autouse=True)
def only_run_with_stacks(request: pytest.FixtureRequest) -> Iterator[None]:
    """Refuse to run the stack's tests twice at the same time. Each of the two processes has a lock of its own."""
    if "stack" in modes_of(request.session.items):
        with only_run("shared" if "stack" in modes_to_run(request.config) else "own"):
            yield
    else:
        yield


@pytest.fixture(scope="session")
def stack_lab() -> Iterator[Lab]:
    """The lab on Compose, in a project of its own."""
    lab = Lab("stack", stack_settings("mlflow-model-lab-test"))
    try:
        start(lab)
        yield lab
    finally:
        delete(lab)


@pytest.fixture(
    params=["embedded", pytest.param("stack", marks=pytest.mark.stack)], scope="session"
)
def lab(request: pytest.FixtureRequest) -> Lab:
    """The running lab, in each mode that can be had here."""
    return request.getfixturevalue(f"{request.param}_lab")


@pytest.fixture(scope="session")
def demo(lab: Lab) -> Demo:
    """The lab's demo, which runs once for all tests that read its output."""
    return Demo(lab)


@pytest.hookimpl(tryfirst=True)
def pytest_configure() -> None:
    """Let the programs that tests start receive Ctrl-C and the signal of a closed terminal.

    Tests that run in the background, or under nohup, ignore these two, and a program inherits what is ignored. It does
    not inherit a function: with one that does nothing, the tests go on ignoring the signal, and the program does not.
    """
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests that the options ask for.

    The others are not reported as deselected: each mode has a process of its own, and CI lets no test be left out.
    """
    modes = modes_to_run(config)
    quick_only = config.getoption("markexpr") == "quick"
    both_modes = config.getoption("both_modes")

    def is_wanted(item: pytest.Item) -> bool:
        if item.get_closest_marker("stack"):
            # The embedded mode's tests end earlier. So their process also runs the tests that share no stack.
            process = "embedded" if both_modes and not shares_a_lab(item) else "stack"
            # A quick test that runs in both modes is quick in the embedded mode.
            return process in modes and not quick_only
        tested_on_the_stack = both_modes and item.get_closest_marker("lesson_in_profile")
        return "embedded" in modes and not tested_on_the_stack

    # What needs no engine first: it fails sooner.
    items[:] = sorted(
        filter(is_wanted, items), key=lambda item: bool(item.get_closest_marker("stack"))
    )


def pytest_collection_finish(session: pytest.Session) -> None:
    """Write what was chosen to --choice-file."""
    if file := session.config.getoption("choice_file"):
        modes = modes_of(session.items)
        quick = all(item.get_closest_marker("quick") for item in session.items)
        choice = {"modes": sorted(modes), "only_quick": quick and "stack" not in modes}
        file.write_text(json.dumps(choice))


def modes_to_run(config: pytest.Config) -> Sequence[str]:
    """Return the modes that --mode names, or both."""
    return config.getoption("mode") or MODES


def shares_a_lab(item: pytest.Item) -> bool:
    """Tell whether a test uses the lab that many tests share. Otherwise it starts its own, or needs none."""
    return not {"lab", "stack_lab"}.isdisjoint(item.fixturenames)


def modes_of(items: list[pytest.Item]) -> set[str]:
    """Return the modes in which these tests run."""
    return {"stack" if item.get_closest_marker("stack") else "embedded" for item in items}
