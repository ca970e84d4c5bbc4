"""The exercises are tried inside a lab."""

from tests.inside.sandbox import refuse_to_run_outside


def pytest_sessionstart() -> None:
    """These tests run inside a lab."""
    refuse_to_run_outside()
