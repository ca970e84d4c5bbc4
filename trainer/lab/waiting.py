"""Say what a script waits for if MLflow's client cannot get an answer and tries again.

With the lab's settings the client tries again for 28 s if the server is stopped, and prints nothing meanwhile.
`explain.WaitingNotice` calls this module when MLflow's module with the retries is imported, so a script that does not
use MLflow pays nothing.
"""

import contextlib
import os
import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from lab import explain, known_errors

# Nobody needs to read it twice.
_printed = False


def spec(name: str) -> ModuleSpec | None:
    """Return the spec of MLflow's module `name`; loading it also installs the notice."""
    found = find_spec(name)
    if found and found.loader:
        execute = found.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            install(module)

        found.loader.exec_module = exec_module  # type: ignore[method-assign]
    return found


def install(module: ModuleType) -> None:
    """Make the retries of MLflow's client print the notice before they wait.

    A later MLflow may have another class for them. Then there is no notice, and everything else works.
    """
    retry = getattr(module, "Retry", None)
    if not hasattr(retry, "sleep"):
        return

    class AnnouncedRetry(retry):  # type: ignore[misc, valid-type]
        """urllib3's Retry, which says what it waits for."""

        def sleep(self, *arguments: object, **options: object) -> None:
            with contextlib.suppress(Exception):
                announce(self)
            super().sleep(*arguments, **options)

    module.Retry = AnnouncedRetry  # type: ignore[attr-defined]


def announce(retry: Any) -> None:  # noqa: ANN401 - the class exists only in install()
    """Print once what MLflow waits for and for how long at most, if it is about to wait at all."""
    global _printed
    first_wait = retry.get_backoff_time()
    failed = retry.history[-1]
    if _printed or first_wait <= 0 or "/mlflow" not in failed.url:
        return
    _printed = True
    attempts = int(retry.total) + 1
    # Each wait is twice as long as the previous one.
    seconds = sum(min(first_wait * 2**n, retry.backoff_max) for n in range(attempts))
    # A server that hangs takes its time for each attempt, besides the waits.
    hangs = "Timeout" in type(failed.error).__name__
    limit = f"up to {attempts} times" if hangs else f"for up to {seconds:.0f} s"
    print(
        f"{problem(failed.error, failed.status)} Trying again {limit} …",
        file=sys.stderr,
        flush=True,
    )


def problem(error: BaseException | None, status: int | None) -> str:
    """Return a sentence about the latest attempt: it got no answer, or an answer with an error status."""
    address = sys.modules["mlflow"].get_tracking_uri() or os.environ[explain.TRACKING_URI]
    if status:
        return f"The MLflow server at {address} answers with an error (status {status})."
    text = f"{type(error).__name__}: {error}"
    # As MLflow puts it when it gives up.
    known = known_errors.find(f"API request to {address} failed with exception {text}")
    return known.cause if known else f"No MLflow server answers at {address}: {text}."
