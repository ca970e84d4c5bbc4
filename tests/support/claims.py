"""The tests of the lessons' claims, run inside a lab: once for all lessons that need the same trainer."""

import re
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
    _printed: dict[str | None, str] = field(default_factory=dict)

    def outcomes(self, lesson: Lesson) -> tuple[list[str], str]:
        """Return the outcome of each test of a lesson's claims, such as PASSED, and all that pytest printed."""
        if lesson.profile not in self._printed:
            self._printed[lesson.profile] = self._run(lesson.profile)
        printed = self._printed[lesson.profile]
        return [word for name, word in OUTCOME.findall(printed) if name == lesson.name], printed

    def _run(self, profile: str | None) -> str:
        """Run the tests of all lessons with a profile, or of those without, and return what pytest prints."""
        files = [
            path for le in self.lessons if le.profile == profile for path in files_of_tests(le)
        ]
        command = ["pytest", "--verbose", "--tb=short", "--disable-warnings", *files]
        ran = self.lab.run(*command, profile=profile)
        printed = ran.stdout + ran.stderr
        outcomes = [word for _, word in OUTCOME.findall(printed)]
        # No test's outcome was overlooked, and pytest got to its end.
        passed = re.search(r"^=.* (\d+) passed", printed, re.MULTILINE)
        assert passed and outcomes.count("PASSED") == int(passed[1]), printed
        assert ran.returncode == int(set(outcomes) != {"PASSED"}), printed
        return printed


def files_of_tests(lesson: Lesson) -> list[str]:
    """Return the paths of the tests of a lesson's claims and of its examples."""
    folders = [f"{top}/{lesson.name}" for top in ("tutorial", "examples")]
    paths = [path for folder in folders for path in sorted(ROOT.glob(f"{folder}/**/test_*.py"))]
    return [str(path.relative_to(ROOT)) for path in paths]
