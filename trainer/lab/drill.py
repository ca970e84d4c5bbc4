"""A drill on disk: a folder drills/NAME with the scripts and texts of one broken production.

The learner reads symptom.md, the report of a colleague. The folder .drill contains what the learner should not read:

    setup.py       builds the production, then breaks one thing
    break.py       breaks one thing after the servers have started; only a drill with servers has this file
    services.toml  describes the servers, as for a lesson (lab/services.py)
    check.py       checks the production: prints lines that begin with "ok", or stops with sys.exit(message)
    hints.md       three hints, in the same form as the hints of a lesson
    found.md       how to find the cause, for the learner who has solved the drill
    level          how hard the drill is: 1, 2 or 3
    repairs/       right and wrong repairs, for the tests

The scripts of a drill import the code that they share from lab/drilling.
"""

from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError
from lab.lessons import read_hints
from lab.services import Service, read

# The names of a drill's experiment, registered models, webhooks and output folder begin with this prefix.
PREFIX = "drill_"


@dataclass(frozen=True)
class Drill:
    """One drill on disk."""

    root: Path
    folder: Path

    @property
    def name(self) -> str:
        """The folder's name, such as more_mistakes."""
        return self.folder.name

    @property
    def experiment(self) -> str:
        """The name of the drill's experiment and output folder, and of its only or first registered model."""
        return PREFIX + self.name

    @property
    def support(self) -> Path:
        """The folder that the learner should not read."""
        return self.folder / ".drill"

    @property
    def setup(self) -> Path:
        """The script that builds the production and breaks it."""
        return self.support / "setup.py"

    @property
    def breaking(self) -> Path:
        """The script that breaks something after the servers have started. Not every drill has one."""
        return self.support / "break.py"

    @property
    def check(self) -> Path:
        """The script that checks whether the production works again."""
        return self.support / "check.py"

    @property
    def services(self) -> list[Service]:
        """The servers that run from the start of the drill to its end."""
        return read(self.support / "services.toml").services

    @property
    def title(self) -> str:
        """The first line of the colleague's report."""
        return self._report[0].lstrip("# ")

    @property
    def symptom(self) -> str:
        """The colleague's report, as Markdown. It names the addresses at which the drill's servers listen here."""
        text = self._report[2].strip()
        for service in self.services:
            text = text.replace(service.default_address, service.address)
        return text

    @property
    def _report(self) -> tuple[str, str, str]:
        return (self.folder / "symptom.md").read_text(encoding="utf-8").partition("\n")

    @property
    def hints(self) -> list[str]:
        """The three hints. The first hint is a question, and the third one is nearly the solution."""
        return read_hints(self.support / "hints.md")

    @property
    def found(self) -> str:
        """How to find the cause, as Markdown."""
        return (self.support / "found.md").read_text(encoding="utf-8").strip()

    @property
    def level(self) -> int:
        """How hard the drill is, from 1 to 3."""
        return int((self.support / "level").read_text(encoding="utf-8"))


def drills(root: Path) -> list[Drill]:
    """Return the drills on disk. The easiest ones are first."""
    found = [Drill(root, path.parents[1]) for path in root.glob("drills/*/.drill/setup.py")]
    return sorted(found, key=lambda drill: (drill.level, drill.name))


def find(name: str, among: list[Drill]) -> Drill:
    """Return the drill with this name or path. Raises LabError, which lists the drills, if there is none."""
    for drill in among:
        if Path(name).name == drill.name:
            return drill
    raise LabError(
        f"There is no drill {name!r}. The drills are {', '.join(drill.name for drill in among)}."
    )
