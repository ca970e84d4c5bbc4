"""Every lesson on disk, in every mode: its README tells the truth, its claims hold."""

import pytest

from lab.lessons import lessons
from tests.support.claims import Claims
from tests.support.demo import outputs, warnings
from tests.support.labs import ROOT
from tests.support.readmes import (
    IN_PROFILE,
    assert_holds,
    assert_prints,
    in_shell,
    indented_commands,
    samples,
)

LESSONS = lessons(ROOT)
# One lesson that uses the server is enough to see that the lab works.
README_CASES = [
    pytest.param(lesson, id=lesson.name, marks=[pytest.mark.quick] if lesson.number == "02" else [])
    for lesson in LESSONS
]
CLAIMS_CASES = [
    pytest.param(
        lesson, id=lesson.name, marks=[pytest.mark.lesson_in_profile] if lesson.profile else []
    )
    for lesson in LESSONS
]


@pytest.mark.parametrize("lesson", README_CASES)
def test_readme_shows_what_its_commands_print(lab, demo, lesson):
    readme = lesson.folder / "README.md"
    shown = samples(readme)
    commands = {IN_PROFILE.sub("", sample.command) for sample in shown}
    assert {f"python {script}" for script in lesson.scripts} <= commands
    for sample in shown:
        if sample.mode not in ("", lab.mode):
            continue
        profile = lesson.profile if IN_PROFILE.match(sample.command) else None
        command = IN_PROFILE.sub("", sample.command)
        if command in {f"python {script}" for script in lesson.scripts}:
            ran = demo.lesson(lesson, profile)
            assert ran.returncode == 0, ran.stdout + ran.stderr
            assert warnings(ran.stderr) == []
            assert_prints(sample, outputs(ran.stdout)[command])
        else:
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


@pytest.fixture(scope="module")
def claims(lab):
    """The tests of all lessons' claims, which run once for the lessons that share a trainer."""
    return Claims(lab, LESSONS)


@pytest.mark.parametrize("lesson", CLAIMS_CASES)
def test_the_lesson_s_claims_hold(claims, lesson):
    outcomes, printed = claims.outcomes(lesson)
    assert outcomes
    assert set(outcomes) == {"PASSED"}, printed
