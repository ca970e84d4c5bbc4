"""The registry refuses."""

import runpy


def created_at_once() -> None:
    """Log the same data set from several threads."""
    runpy.run_module("tests.inside.same_data_set_at_once")
