"""A fixture for tests inside a lab that run many scripts: each test module imports it."""

import atexit
import functools
import sys

import pytest

from tests.inside import warm
from tests.inside.warm_python import WarmPython


@functools.cache
def shared() -> WarmPython:
    """Return a warm Python that serves all test modules of this process, and ends with it."""
    python = WarmPython()
    atexit.register(python.close)
    return python


@pytest.fixture(scope="session")
def python() -> list[str]:
    """The command that takes the place of `python` in front of a script: MLflow is imported already.

    A signal that ends the command kills the script.
    """
    return [sys.executable, warm.__file__, shared().socket]
