"""Remember which drill is going on, and which drills the learner has solved.

The state is in a file in the learner's output folder. It is not on the MLflow server, because the lab deletes
everything that a drill created there when the drill ends.
"""

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from lab.errors import LabError
from lab.remembered import output, write

FILE = ".lab-drills.json"


@dataclass
class State:
    """What the lab remembers about the drills."""

    # The drill whose production exists completely or in part.
    name: str | None = None
    # Whether the learner has yet to solve this drill, and when it began, in seconds since 1970.
    is_open: bool = False
    began: float = 0.0
    # How many seconds the learner needed to solve each drill for the first time.
    solved: dict[str, float] = field(default_factory=dict)
    # The drills that the learner gave up.
    given_up: list[str] = field(default_factory=list)

    @property
    def going_on(self) -> str | None:
        """The name of the drill that the learner has yet to solve."""
        return self.name if self.is_open else None

    def prepare(self, name: str) -> None:
        """Remember that the production of a drill is being set up."""
        self.name, self.is_open = name, False

    def start(self) -> None:
        """Remember that the production is complete, and begin to measure the time."""
        self.is_open, self.began = True, time.time()

    def solve(self) -> float:
        """Remember that the current drill is solved. Return how many seconds it took."""
        seconds = time.time() - self.began
        self.solved.setdefault(str(self.name), seconds)
        self.is_open = False
        return seconds

    def give_up(self) -> None:
        """Remember that the learner ends the current drill without solving it."""
        if self.going_on and self.going_on not in self.given_up:
            self.given_up.append(self.going_on)

    def stop(self) -> None:
        """Remember that no drill's production exists any more."""
        self.name, self.is_open = None, False


def read(root: Path) -> State:
    """Return the state in the file. Return an empty state if the file is missing or cannot be read."""
    try:
        content = json.loads((output(root) / FILE).read_text(encoding="utf-8"))
        solved = {str(name): float(seconds) for name, seconds in content["solved"].items()}
        name = content["name"]
        is_open, began = content["is_open"] is True, float(content["began"])
        given_up = [str(given) for given in content["given_up"]]
        return State(None if name is None else str(name), is_open, began, solved, given_up)
    except (OSError, LookupError, ValueError, TypeError, AttributeError):
        return State()


def save(root: Path, state: State) -> None:
    """Write the file. Raises LabError if it cannot be written."""
    folder = output(root)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write(folder / FILE, json.dumps(asdict(state)))
    except OSError as error:
        raise LabError(
            f"The file {folder / FILE} cannot be written ({error.strerror}). The lab stores there which drill is going "
            "on. Set LAB_OUTPUT to a folder in which you can write."
        ) from None
