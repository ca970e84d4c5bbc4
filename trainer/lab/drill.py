"""The form of a drill: a folder drills/NAME, in which a small production has one thing wrong.

The learner reads symptom.md, the report of a colleague. The folder .drill would spoil the drill. It contains:

    setup.py       builds the production, then breaks one thing
    break.py       only where the drill has servers: breaks one thing after they have started
    services.toml  only where the drill has servers, as for a lesson (lab/services.py)
    check.py       judges the state: prints lines that begin with "ok", or stops with sys.exit(message)
    hints.md       three hints, in the form of a lesson's
    found.md       how the cause should have been found
    level          1, 2 or 3: how hard it is
    repairs/       right and wrong repairs, for the tests
"""

from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError
from lab.lessons import read_hints
from lab.services import Service, read

# The experiment, the registered models, the webhooks and the output folder of a drill have names that begin so.
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
        """The name of its experiment, of its first registered model, and of its output folder."""
        return PREFIX + self.name

    @property
    def support(self) -> Path:
        """The folder with what would spoil the drill."""
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
        """The script that judges whether the production works again."""
        return self.support / "check.py"

    @property
    def services(self) -> list[Service]:
        """The servers that run from the start of the drill to its end."""
        return read(self.support / "services.toml").services

    @property
    def title(self) -> str:
        """What is wrong, in the words of the colleague who reports it."""
        return self._report[0].lstrip("# ")

    @property
    def symptom(self) -> str:
        """The colleague's report, as Markdown, with the addresses at which the drill's servers listen here."""
        text = self._report[2].strip()
        for service in self.services:
            text = text.replace(service.default_address, service.address)
        return text

    @property
    def _report(self) -> tuple[str, str, str]:
        return (self.folder / "symptom.md").read_text(encoding="utf-8").partition("\n")

    @property
    def hints(self) -> list[str]:
        """The hints, from a question to nearly the answer."""
        return read_hints(self.support / "hints.md")

    @property
    def found(self) -> str:
        """How the cause should have been found, as Markdown."""
        return (self.support / "found.md").read_text(encoding="utf-8").strip()

    @property
    def level(self) -> int:
        """How hard it is, from 1 to 3."""
        return int((self.support / "level").read_text(encoding="utf-8"))


def drills(root: Path) -> list[Drill]:
    """Return the drills on disk, the easiest first."""
    found = [Drill(root, path.parents[1]) for path in root.glob("drills/*/.drill/setup.py")]
    return sorted(found, key=lambda drill: (drill.level, drill.name))


def find(name: str, among: list[Drill]) -> Drill:
    """Return the drill of this name, or with this path. Raises LabError, which lists the drills, if there is none."""
    for drill in among:
        if Path(name).name == drill.name:
            return drill
    raise LabError(
        f"There is no drill {name!r}. The drills are {', '.join(drill.name for drill in among)}."
    )
