"""How tests read what lab doctor says."""

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
    """Assert that row `name` fails and says every one of `remedy`; `also` are those that follow from it."""
    found = rows(ran)
    failed = [row["name"] for row in found.values() if row["ok"] is False]
    assert failed == [*sorted([name, *also], key=list(found).index)], ran.stdout
    assert ran.returncode == 1
    for words in remedy:
        assert words in found[name]["text"], found[name]["text"]
    waiting = {row["name"] for row in found.values() if row["ok"] is None}
    if name in SERVER:
        assert waiting & set(SERVER) == set(SERVER[SERVER.index(name) + 1 :])


def doctor(lab: Lab, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the doctor in the lab, with variables changed."""
    return lab.run("lab", "doctor", "--json", **env)
