"""Examine the set-up: one check for each thing that can be wrong, and a remedy for each.

The trainer's health check runs this too. Therefore it does not import MLflow, which takes seconds, and it leaves
nothing behind. The checks are in doctor_server, doctor_stores and doctor_machine.
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
    """The result of one check: what it found and, if `ok` is False, what to do. `ok` is None if it did not run."""

    name: str
    ok: bool | None
    text: str


class Finding(Exception):
    """A check failed. The message says what is wrong and how to fix it."""


def look(name: str, check: Check) -> Row:
    """Run one check and return its row."""
    try:
        return Row(name, True, check())
    except (Finding, LabError) as finding:
        return Row(name, False, str(finding))
    except Exception as error:
        return Row(name, False, f"This check itself failed: {type(error).__name__}: {error}")


def chain(checks: dict[str, Check]) -> list[Row]:
    """Run checks that depend on the previous ones. After the first failure, do not run the rest."""
    rows: list[Row] = []
    for name, check in checks.items():
        failed_name = next((row.name for row in rows if row.ok is False), None)
        skipped = f"not checked, because it depends on: {failed_name}"
        row = Row(name, None, skipped) if failed_name else look(name, check)
        rows.append(row)
    return rows


def server_rows() -> list[Row]:
    """Check everything that the connection to the server needs."""
    from lab import doctor_server

    return chain(doctor_server.CHECKS)


def examine() -> list[Row]:
    """Run every check and return a row for each."""
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
