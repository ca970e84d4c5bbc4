"""Assert that `lab why` knows an error that a test has produced."""

from lab.known_errors import find


def assert_known(text: str, name: str) -> None:
    """Assert that `lab why` finds the error of this name in what a program printed, and no other error after it."""
    found = find(text)
    assert found is not None, text
    assert found.error.name == name, text
