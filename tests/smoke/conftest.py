"""A copy of every lesson and example, removed at the end with all that it made."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.inside.sandbox import copy_under_other_names, refuse_to_run_outside, remove_everything


def pytest_sessionstart() -> None:
    """These tests run inside a lab."""
    refuse_to_run_outside()


@dataclass(frozen=True)
class Sandbox:
    """A copy of every script under which experiments and registered models bear `prefix`."""

    prefix: str
    folder: Path


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Lend the copies; delete all that was made under their names at the end."""
    folder = tmp_path_factory.mktemp("smoke")
    box = Sandbox(copy_under_other_names(folder), folder)
    yield box
    remove_everything(box.prefix)
