"""Unit tests need no lab: each one is quick."""

from pathlib import Path

import pytest

from host import settings


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark every test in this folder."""
    item.add_marker(pytest.mark.quick)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with .env.example, from which settings are read in place of the checkout, without .env yet."""
    (tmp_path / ".env.example").write_text((settings.ROOT / ".env.example").read_text())
    monkeypatch.setattr(settings, "ROOT", tmp_path)
    for name in settings.read_env_file(tmp_path / ".env.example"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path
