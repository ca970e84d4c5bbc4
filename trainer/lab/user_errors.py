"""How the command line reports an error that the user can fix."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from lab import explain
from lab.errors import LabError


@contextmanager
def user_errors() -> Iterator[None]:
    """Print an error that the user can fix as one message, without a traceback, and exit with status 1."""
    try:
        yield
    except Exception as error:
        message = str(error) if isinstance(error, LabError) else explain.explain(error)
        if message is None:
            raise
        sys.stdout.flush()
        print(message, file=sys.stderr)
        raise typer.Exit(1) from None
