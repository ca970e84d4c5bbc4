"""What the lessons' scripts and commands print in a lab. Each runs once, whichever tests read its output."""

import re
import subprocess
from dataclasses import dataclass, field

from lab.lessons import Lesson
from tests.support.labs import Lab

# A line of `docker compose up` on what it starts.
COMPOSE_PROGRESS = re.compile(r" (Container|Network|Volume) ")


@dataclass
class Demo:
    """The demo of a lab: `make demo`, or single lessons where that has not run."""

    lab: Lab
    _whole: subprocess.CompletedProcess[str] | None = None
    _lessons: dict[tuple[str, str | None], subprocess.CompletedProcess[str]] = field(
        default_factory=dict
    )
    _typed: dict[str, subprocess.CompletedProcess[str]] = field(default_factory=dict)

    def whole(self) -> subprocess.CompletedProcess[str]:
        """Run `make demo`, once."""
        if self._whole is None:
            self._whole = self.lab.host("demo")
        return self._whole

    def lesson(self, lesson: Lesson, profile: str | None) -> subprocess.CompletedProcess[str]:
        """Run the scripts of one lesson in the trainer, or with a profile `make lesson-NN`, once.

        Without a profile a demo that has run before is as good.
        """
        if self.lab.mode == "embedded":
            # There, a profile's packages are in the same environment.
            profile = None
        if self._whole and not profile:
            return self._whole
        key = (lesson.name, profile)
        if key not in self._lessons:
            self._lessons[key] = (
                self.lab.host("lesson", lesson.number)
                if profile
                else self.lab.run("lab", "demo", "--lesson", lesson.number)
            )
        return self._lessons[key]

    def typed(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command that a page shows, once. Its stdout has stderr, too, as a terminal shows both."""
        # Not at the top: tests/conftest.py imports this module in the trainer, too, where sybil is not installed.
        from tests.support.readmes import in_shell

        if command not in self._typed:
            self._typed[command] = in_shell(self.lab, command, merged=True)
        return self._typed[command]


def warnings(stderr: str) -> list[str]:
    """Return the lines of a demo's stderr, without Compose's progress and the scripts that were left out."""
    lines = [line for line in stderr.splitlines() if line and "make lesson-" not in line]
    return [line for line in lines if not COMPOSE_PROGRESS.match(line)]


def outputs(printed: str) -> dict[str, str]:
    """Return what each script of a demo printed, by its command; not those that were left out or failed."""
    found = {}
    for part in re.split(r"^(?=╭─ \d\d_\w+  )", printed, flags=re.MULTILINE)[1:]:
        # The demo's own line, which comes first: a lesson may print a command, too.
        command, output = re.search(
            r"^\$ (python \S+)\n(.*)", part, re.MULTILINE | re.DOTALL
        ).groups()
        if done := re.search(r"(.*^)done in \d+\.\d s$", output, re.MULTILINE | re.DOTALL):
            found[command] = done[1]
    return found
