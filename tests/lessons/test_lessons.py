"""Every lesson on disk, in every mode: its README tells the truth, its claims hold."""

import pytest

from lab.lessons import find, lessons
from tests.support.labs import ROOT
from tests.support.readmes import IN_PROFILE, assert_holds, in_shell, indented_commands, samples

LESSONS = [lesson.name for lesson in lessons(ROOT)]

pytestmark = pytest.mark.parametrize("lesson", LESSONS)


def test_readme_shows_what_its_commands_print(lab, lesson):
    readme = ROOT / "tutorial" / lesson / "README.md"
    shown = samples(readme)
    commands = {IN_PROFILE.sub("", sample.command) for sample in shown}
    assert {f"python {script}" for script in find(lesson, lessons(ROOT)).scripts} <= commands
    for sample in shown:
        if sample.mode in ("", lab.mode):
            assert_holds(lab, sample)
    # What is typed and not shown with what it prints; tests/docs looks at commands of lab, make and docker.
    for command in indented_commands(readme):
        if IN_PROFILE.sub("", command) in commands or command.startswith(
            ("lab ", "make ", "docker ")
        ):
            continue
        ran = in_shell(lab, command)
        # diff says with 1 that it found what the reader is to see.
        allowed = (0, 1) if command.startswith("diff ") else (0,)
        assert ran.returncode in allowed and ran.stderr == "", f"$ {command}\n{ran.stderr}"


def test_the_lesson_s_claims_hold(lab, lesson):
    folders = [f"{top}/{lesson}" for top in ("tutorial", "examples")]
    tests = [
        str(path.relative_to(ROOT)) for f in folders for path in sorted(ROOT.glob(f"{f}/**/test_*.py"))
    ]
    assert tests
    profile = find(lesson, lessons(ROOT)).profile
    ran = lab.run("pytest", "-q", "--tb=short", *tests, profile=profile)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "skipped" not in ran.stdout
