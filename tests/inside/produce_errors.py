"""Produce the known errors of one topic, each for real, and print what each of them prints, as JSON by name.

Run inside the lab: python -m tests.inside.produce_errors TOPIC
"""

import importlib
import inspect
import json
import logging
import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path


def text_of(produce: Callable[[], str | None]) -> str:
    """Return the traceback of the error that a function raises, or the text that it returns.

    It runs in an empty folder. Raises ValueError if there is neither.
    """
    start = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            # The standard output is for the result.
            with redirect_stdout(sys.stderr):
                text = produce()
        except (Exception, SystemExit):
            return traceback.format_exc()
        finally:
            os.chdir(start)
    if not text:
        raise ValueError(f"{produce.__name__} produced no error.")
    return text


def main() -> None:
    """Print the errors of the topic that the command line names."""
    # What they log would only stand between the errors.
    logging.disable(logging.CRITICAL)
    module = importlib.import_module(f"tests.inside.errors.{sys.argv[1]}")
    functions = {
        name: function
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }
    json.dump({name: text_of(function) for name, function in functions.items()}, sys.stdout)


if __name__ == "__main__":
    main()
