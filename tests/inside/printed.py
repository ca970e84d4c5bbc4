"""What a function prints: its output, Python's warnings and MLflow's log."""

import logging
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO


def printed(call: Callable[[], object]) -> str:
    """Call a function, and return what it prints."""
    output = StringIO()
    level = logging.root.manager.disable
    # produce_errors.py switches the log off.
    logging.disable(logging.NOTSET)
    try:
        with redirect_stdout(output), redirect_stderr(output), warnings.catch_warnings():
            warnings.simplefilter("always")
            call()
    finally:
        logging.disable(level)
    return output.getvalue()
