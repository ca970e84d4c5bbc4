"""Unit tests need no lab: each one is quick."""

import pytest


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark every test in this folder."""
    item.add_marker(pytest.mark.quick)
