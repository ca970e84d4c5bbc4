"""The rows that `lab doctor` prints, as tests read them."""

import json
import subprocess

from tests.support.labs import Lab

SERVER = [
    "tracking address", "name resolves", "port answers", "Host is allowed", "it is MLflow",
    "same version", "artifact roots", "artifacts", "clock",
]  # fmt: skip


def rows(ran: subprocess.CompletedProcess[str]) -> dict[str, dict]:
    """Return the doctor's rows, by name."""
    assert "Traceback" not in ran.stderr, ran.stderr
    return {row["name"]: row for row in json.loads(ran.stdout)}


def assert_only(
    ran: subprocess.CompletedProcess[str], name: str, *remedy: str, also: tuple[str, ...] = ()
) -> None:
    """Assert that the row `name` fails with every `remedy` in its text, and that only the rows `also` fail too."""
    by_name = rows(ran)
    failed = [row["name"] for row in by_name.values() if row["ok"] is False]
    assert failed == [*sorted([name, *also], key=list(by_name).index)], ran.stdout
    assert ran.returncode == 1
    for words in remedy:
        assert words in by_name[name]["text"], by_name[name]["text"]
    waiting = {row["name"] for row in by_name.values() if row["ok"] is None}
    if name in SERVER:
        assert waiting & set(SERVER) == set(SERVER[SERVER.index(name) + 1 :])


def doctor(lab: Lab, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the doctor in the lab, with these variables set."""
    return lab.run("lab", "doctor", "--json", **env)
