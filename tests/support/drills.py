"""Find the drills on disk, start them, repair them and check them."""

import ast
import re
import subprocess
import tempfile
import textwrap
from dataclasses import dataclass
from pathlib import Path

from lab.drill import Drill, drills
from tests.support.labs import ROOT, Lab

DRILLS = drills(ROOT)
WORDS = re.compile(r"The check must say: (.+)")
# A block of code in found.md that begins with an import can be run as a script.
COMPLETE = re.compile(r"^\n((?:    (?:import|from) .*\n)(?:(?:    .*)?\n)*)", re.MULTILINE)
# The folder with these scripts.
FOUND = tempfile.TemporaryDirectory()


@dataclass(frozen=True)
class Repair:
    """A script that repairs a drill, rightly or wrongly. Without a script, the learner does nothing."""

    drill: Drill
    script: Path | None = None

    @property
    def docstring(self) -> str:
        """The docstring of the script."""
        return ast.get_docstring(ast.parse(self.script.read_text(encoding="utf-8"))) or ""

    @property
    def words(self) -> str | None:
        """What the check must say about a wrong repair. None for a right repair, and without a script."""
        found = WORDS.search(self.docstring) if self.script else None
        return found[1] if found else None

    @property
    def is_right(self) -> bool:
        """Tell whether the repair solves the drill."""
        return self.script is not None and self.script.stem.startswith("right_")

    @property
    def leaves_nothing_to_repair(self) -> bool:
        """Tell whether the drill must start again before the next attempt."""
        return self.is_right or (
            self.script is not None and "Afterwards the drill must begin again." in self.docstring
        )

    def __str__(self) -> str:
        """Return the name of the test."""
        return f"{self.drill.name}-{self.script.stem if self.script else 'nothing'}"


def repairs(kind: str, of: Drill) -> list[Repair]:
    """Return the repairs of a drill whose names begin with `kind`."""
    scripts = sorted((of.support / "repairs").glob(f"{kind}_*.py"))
    return [Repair(of, script) for script in scripts]


def printed_repairs(of: Drill) -> list[Repair]:
    """Return the code in the drill's found.md, as repairs."""
    blocks = COMPLETE.findall(f"{of.found}\n")
    scripts = [Path(FOUND.name, of.name, f"right_found_{n}.py") for n in range(1, len(blocks) + 1)]
    for script, block in zip(scripts, blocks, strict=True):
        script.parent.mkdir(exist_ok=True)
        script.write_text(textwrap.dedent(block), encoding="utf-8")
    return [Repair(of, script) for script in scripts]


def attempts() -> list[Repair]:
    """Return the attempts of a learner at each drill: nothing, then the wrong repairs, then the right repairs."""
    return [
        attempt
        for drill in DRILLS
        for attempt in (
            Repair(drill),
            *repairs("wrong", drill),
            *repairs("right", drill),
            *printed_repairs(drill),
        )
    ]


def drill_command(lab: Lab, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `lab drill` in a Python that has already imported MLflow. Its output has long lines."""
    return lab.warm("-m", "lab", "drill", *words, COLUMNS="1000")


class Learner:
    """Tries one repair after another. After a wrong repair, the production is still broken."""

    def __init__(self, lab: Lab) -> None:
        """Begin without a drill."""
        self.lab = lab
        self.drill: Drill | None = None

    def attempt(self, repair: Repair) -> subprocess.CompletedProcess[str]:
        """Try a repair, and check it. Start its drill again first if this is necessary."""
        if self.drill != repair.drill or repair.script is None:
            started = drill_command(self.lab, repair.drill.name)
            assert started.returncode == 0, started.stdout + started.stderr
            assert "Traceback" not in started.stderr
        if repair.script:
            # The trainer of the stack has the repository in another folder.
            is_below = repair.script.is_relative_to(ROOT)
            ran = self.lab.warm(str(repair.script.relative_to(ROOT) if is_below else repair.script))
            assert ran.returncode == 0, ran.stdout + ran.stderr
        self.drill = None if repair.leaves_nothing_to_repair else repair.drill
        checked = drill_command(self.lab, "check")
        assert "Traceback" not in checked.stdout + checked.stderr
        return checked
