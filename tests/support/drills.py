"""The drills on disk, and how tests start one, repair it and have it checked."""

import ast
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from lab.drill import Drill, drills
from tests.support.labs import ROOT, Lab

DRILLS = drills(ROOT)
WORDS = re.compile(r"The check must say: (.+)")


@dataclass(frozen=True)
class Repair:
    """A script that repairs a drill, rightly or wrongly."""

    drill: Drill
    script: Path

    @property
    def words(self) -> str:
        """What the check must say about a wrong repair."""
        docstring = ast.get_docstring(ast.parse(self.script.read_text(encoding="utf-8")))
        return WORDS.search(docstring)[1]

    def __str__(self) -> str:
        """Return the name of the test."""
        return f"{self.drill.name}-{self.script.stem}"


def repairs(kind: str, of: Drill | None = None) -> list[Repair]:
    """Return the repairs of all drills, or of one, whose names begin with `kind`."""
    return [
        Repair(drill, script)
        for drill in ([of] if of else DRILLS)
        for script in sorted((drill.support / "repairs").glob(f"{kind}_*.py"))
    ]


def drill_command(lab: Lab, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `lab drill`, in a Python that has imported MLflow already. Lines are not wrapped."""
    return lab.warm("-m", "lab", "drill", *words, COLUMNS="1000")


def start(lab: Lab, drill: Drill) -> None:
    """Start a drill, which must succeed."""
    started = drill_command(lab, drill.name)
    assert started.returncode == 0, started.stdout + started.stderr
    assert "Traceback" not in started.stderr


def repair(lab: Lab, attempt: Repair) -> None:
    """Start the drill from the beginning, and carry out a repair, which must run without an error."""
    start(lab, attempt.drill)
    ran = lab.warm(str(attempt.script.relative_to(ROOT)))
    assert ran.returncode == 0, ran.stdout + ran.stderr
