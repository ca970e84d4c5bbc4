"""Which drill is going on, since when, and which ones the learner has solved.

This is in a file in the learner's output folder, beside the remembered verdicts: what is on the MLflow server is
deleted when a drill ends, and solved drills must be remembered longer than that.
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
    """What is remembered about the drills."""

    # The drill whose production exists, or a part of it.
    name: str | None = None
    # Whether this drill waits for its repair, and since when, in seconds since 1970.
    is_open: bool = False
    began: float = 0.0
    # How long each solved drill took at the first time, in seconds.
    solved: dict[str, float] = field(default_factory=dict)
    # The drills that the learner has ended without solving them.
    given_up: list[str] = field(default_factory=list)

    @property
    def going_on(self) -> str | None:
        """The name of the drill that waits for its repair."""
        return self.name if self.is_open else None

    def prepare(self, name: str) -> None:
        """Note that the production of a drill is being set up."""
        self.name, self.is_open = name, False

    def start(self) -> None:
        """Begin to measure the time, when the production is complete."""
        self.is_open, self.began = True, time.time()

    def solve(self) -> float:
        """Note that the present drill is solved. Return how many seconds it took."""
        seconds = time.time() - self.began
        self.solved.setdefault(str(self.name), seconds)
        self.is_open = False
        return seconds

    def give_up(self) -> None:
        """Note that the learner ends the present drill without solving it."""
        if self.going_on and self.going_on not in self.given_up:
            self.given_up.append(self.going_on)

    def stop(self) -> None:
        """Note that no drill's production exists any more."""
        self.name, self.is_open = None, False


def read(root: Path) -> State:
    """Return what the file says. A file that is missing or has another form says nothing."""
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
    """Write the file. Raises LabError if that is impossible."""
    folder = output(root)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write(folder / FILE, json.dumps(asdict(state)))
    except OSError as error:
        raise LabError(
            f"The file {folder / FILE} cannot be written ({error.strerror}). It says which drill is going on. "
            "Set LAB_OUTPUT to a folder of yours."
        ) from None
