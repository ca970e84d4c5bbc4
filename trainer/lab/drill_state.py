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

    # The drill whose production exists, and the time when the learner got the symptom, in seconds since 1970.
    name: str | None = None
    began: float = 0.0
    # How long each solved drill took, in seconds.
    solved: dict[str, float] = field(default_factory=dict)
    # Whether the present drill is solved, since it began.
    done: bool = False

    @property
    def going_on(self) -> str | None:
        """The name of the drill that waits for its repair."""
        return None if self.done else self.name

    def start(self, name: str) -> None:
        """Begin to measure the time of a drill."""
        self.name, self.began, self.done = name, time.time(), False

    def pass_(self) -> float:
        """Note that the present drill is solved. Return how many seconds it took."""
        seconds = time.time() - self.began
        self.solved[str(self.name)] = seconds
        self.done = True
        return seconds

    def stop(self) -> None:
        """Note that no drill's production exists any more."""
        self.name, self.done = None, False


def read(root: Path) -> State:
    """Return what the file says. A file that is missing or has another form says nothing."""
    try:
        content = json.loads((output(root) / FILE).read_text(encoding="utf-8"))
        solved = {str(name): float(seconds) for name, seconds in content["solved"].items()}
        name = content["name"]
        return State(
            None if name is None else str(name),
            float(content["began"]),
            solved,
            content["done"] is True,
        )
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
