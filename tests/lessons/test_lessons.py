"""Every lesson on disk, in every mode: its README tells the truth, its claims hold."""

import doctest
import re
from pathlib import Path

import pytest

from lab.lessons import find, lessons

ROOT = Path(__file__).resolve().parent.parent.parent
LESSONS = [lesson.name for lesson in lessons(ROOT)]
# Spaces at line ends and the width of a column are no promises; `...` stands for what varies.
RULES = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
# How a README writes a command for the shell of a profile's trainer.
IN_PROFILE = re.compile(r"^docker compose exec (\w+) ")

pytestmark = pytest.mark.parametrize("lesson", LESSONS)


def console_blocks(readme: str) -> list[tuple[str, str, str]]:
    """Return the commands that a README shows: the mode it speaks of, or none, the command, what it promises."""
    blocks = re.findall(r"^```console *(\w*)\n\$ (.*)\n((?s:.*?))^```$", readme, flags=re.MULTILINE)
    assert len(blocks) == readme.count("```console")
    return blocks


def test_readme_shows_what_its_commands_print(lab, lesson):
    blocks = console_blocks((ROOT / "tutorial" / lesson / "README.md").read_text())
    shown = {IN_PROFILE.sub("", command) for _, command, _ in blocks}
    assert {f"python {script}" for script in find(lesson, lessons(ROOT)).scripts} <= shown
    assert {mode for mode, *_ in blocks} <= {"", "stack", "embedded"}
    for mode, command, promised in blocks:
        if mode not in ("", lab.mode):
            continue
        profile = IN_PROFILE.match(command)
        inner = IN_PROFILE.sub("", command)
        ran = lab.run("bash", "-c", inner, profile=profile[1] if profile else None)
        assert (ran.returncode, ran.stderr) == (0, ""), f"$ {command}\n{ran.stdout}\n{ran.stderr}"
        checker = doctest.OutputChecker()
        if not checker.check_output(promised, ran.stdout, RULES):
            example = doctest.Example(command, promised)
            pytest.fail(f"$ {command}\n{checker.output_difference(example, ran.stdout, RULES)}")


def test_the_lesson_s_claims_hold(lab, lesson):
    folders = [f"{top}/{lesson}" for top in ("tutorial", "examples")]
    tests = [
        str(path.relative_to(ROOT)) for f in folders for path in sorted(ROOT.glob(f"{f}/test_*.py"))
    ]
    assert tests
    profile = find(lesson, lessons(ROOT)).profile
    ran = lab.run("pytest", "-q", "--tb=short", *tests, profile=profile)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "skipped" not in ran.stdout
