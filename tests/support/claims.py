"""The tests of the lessons' claims, run inside a lab: once for all lessons that need the same trainer."""

import re
import subprocess
from dataclasses import dataclass, field

from lab.lessons import Lesson
from tests.support.labs import ROOT, Lab

# A line of `pytest --verbose`: the lesson's name, and the outcome of one of its tests.
OUTCOME = re.compile(
    r"^(?:tutorial|examples)/(\w+)/\S+::.* ([A-Z]+)(?: \(.*\))? +\[ *\d+%\]$", re.MULTILINE
)


@dataclass
class Claims:
    """The tests of some lessons' claims in a lab."""

    lab: Lab
    lessons: list[Lesson]
    _runs: dict[str | None, subprocess.CompletedProcess[str]] = field(default_factory=dict)

    def outcomes(self, lesson: Lesson) -> tuple[list[str], str]:
        """Return the outcome of each test of a lesson's claims, such as PASSED, and all that pytest printed.

        The tests of all lessons with the same profile run at the first call.
        """
        profile = lesson.profile
        if profile not in self._runs:
            files = [
                path for le in self.lessons if le.profile == profile for path in paths_of_tests(le)
            ]
            command = ["pytest", "--verbose", "--tb=short", "--disable-warnings", *files]
            self._runs[profile] = self.lab.run(*command, profile=profile)
        ran = self._runs[profile]
        printed = ran.stdout + ran.stderr
        found = OUTCOME.findall(printed)
        # Pytest got to its end, it skipped no file, and no test's outcome was overlooked.
        summary = re.search(r"^=.* (\d+) passed.*", printed, re.MULTILINE)
        assert summary and "skipped" not in summary[0], printed
        outcomes = [outcome for _, outcome in found]
        assert outcomes.count("PASSED") == int(summary[1]), printed
        assert ran.returncode == int(set(outcomes) != {"PASSED"}), printed
        return [outcome for name, outcome in found if name == lesson.name], printed


def paths_of_tests(lesson: Lesson) -> list[str]:
    """Return the paths of the tests of a lesson's claims and of its examples."""
    folders = [f"{top}/{lesson.name}" for top in ("tutorial", "examples")]
    paths = [path for folder in folders for path in sorted(ROOT.glob(f"{folder}/**/test_*.py"))]
    return [str(path.relative_to(ROOT)) for path in paths]
