"""Assert that `lab why` recognises an error that a test has produced."""

from lab.known_errors import find


def assert_known(text: str, name: str) -> None:
    """Assert that `lab why` finds the error with this name in the output of a program, and no other error after it."""
    found = find(text)
    assert found is not None, text
    assert found.error.name == name, text
