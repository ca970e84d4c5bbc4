"""What can be wrong with a set-up, looked at cause by cause, each with its remedy.

Also the trainer's health check, so it is quick (it does not import MLflow) and leaves nothing behind.
The causes themselves are in doctor_server, doctor_stores and doctor_machine.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass

from lab.errors import LabError

# How long one connection or request may take.
REQUEST_SECONDS = 2

Check = Callable[[], str]


@dataclass(frozen=True)
class Row:
    """One cause: what was found, and if it is bad (ok is False), what to do; ok is None if not looked at."""

    name: str
    ok: bool | None
    text: str


class Finding(Exception):
    """A check failed; the message says what it means and what mends it."""


def look(name: str, check: Check) -> Row:
    """Carry out one check and return its row."""
    try:
        return Row(name, True, check())
    except (Finding, LabError) as finding:
        return Row(name, False, str(finding))
    except Exception as error:
        return Row(name, False, f"This could not be looked at: {type(error).__name__}: {error}")


def chain(checks: dict[str, Check]) -> list[Row]:
    """Carry out checks of which each builds on those before it: after a failure the others wait."""
    rows: list[Row] = []
    for name, check in checks.items():
        failed_name = next((row.name for row in rows if row.ok is False), None)
        row = Row(name, None, f"waits for: {failed_name}") if failed_name else look(name, check)
        rows.append(row)
    return rows


def server_rows() -> list[Row]:
    """Look at what lies between here and a working server."""
    from lab import doctor_server

    return chain(doctor_server.CHECKS)


def examine() -> list[Row]:
    """Look at every cause and return what was found, a row each."""
    from lab import doctor_machine, doctor_stores

    rows = server_rows()
    if os.environ.get("LAB_MODE") == "stack":
        rows += chain(doctor_stores.DATABASE)
        rows += chain(doctor_stores.STORE)
    elif os.environ.get("LAB_SQLITE_FILE"):
        rows.append(look("database schema", doctor_stores.schema))
    rows += chain(doctor_machine.CHECKOUT)
    rows += [look(name, check) for name, check in doctor_machine.CHECKS.items()]
    return rows
