"""Every lesson in every mode: its pages show what its scripts print, and the tests of its claims pass."""

from contextlib import nullcontext
from pathlib import Path

import pytest

from lab.lessons import Lesson, lessons
from tests.support.claims import Claims
from tests.support.demo import Demo, outputs, warnings
from tests.support.labs import ROOT
from tests.support.notebooks import comparable, outputs_on_page, servers, without_announcements
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
    files = [lesson.page, lesson.reference]
    shown = [sample for file in files for sample in samples(file)]
    commands = {IN_PROFILE.sub("", sample.command) for sample in shown}
    # The page shows what the cells of run.py print.
    script, *examples = (f"python {script}" for script in lesson.scripts)
    profile = lesson.profile if lesson.needs.exists() else None
    ran = demo.lesson(lesson, profile)
    assert_same_output(lesson.page, outputs_of(demo, lesson, profile)[script], ran.stderr)
    assert set(examples) <= commands
    typed = [sample for sample in shown if sample.mode in ("", lab.mode)]
    if lab.mode == "stack":
        # The mode matters little for what the reference shows, so it is tried in the quicker one.
        typed = [s for s in typed if s.mode or not s.where.startswith(str(lesson.reference))]
    in_demo = [sample for sample in typed if IN_PROFILE.sub("", sample.command) in examples]
    for sample in in_demo:
        profile = lesson.profile if IN_PROFILE.match(sample.command) else None
        command = IN_PROFILE.sub("", sample.command)
        assert_prints(sample, outputs_of(demo, lesson, profile)[command])
    others = [sample for sample in typed if sample not in in_demo]
    with servers(lab, lesson) if others else nullcontext():
        for sample in others:
            assert_holds(sample, demo.typed(sample.command))
    # What is typed and not shown with what it prints. tests/docs looks at commands of lab, make and docker, and
    # tests/exercises runs the exercises.
    tried_elsewhere = commands | {f"python {lesson.exercise.relative_to(ROOT)}"}
    for command in (command for file in files for command in indented_commands(file)):
        if IN_PROFILE.sub("", command) in tried_elsewhere or command.startswith(
            ("lab ", "make ", "docker ")
        ):
            continue
        ran = in_shell(lab, command)
        # diff says with 1 that it found what the reader is to see.
        allowed = (0, 1) if command.startswith("diff ") else (0,)
        assert ran.returncode in allowed, f"$ {command}\n{ran.stderr}"
        assert without_announcements(ran.stderr).strip() == "", f"$ {command}\n{ran.stderr}"


def outputs_of(demo: Demo, lesson: Lesson, profile: str | None) -> dict[str, str]:
    """Return what the lesson's scripts print in the demo, by command; its stderr is what the pages show, no more."""
    ran = demo.lesson(lesson, profile)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    shown = {line for le in LESSONS for line in lines_on_page(le.page)}
    unexpected = [
        line
        for line in warnings(without_announcements(ran.stderr))
        if comparable(line) not in shown
    ]
    assert unexpected == []
    return outputs(ran.stdout)


def lines_on_page(page: Path) -> list[str]:
    """Return the lines that a lesson's cells print, as its page shows them."""
    return comparable(outputs_on_page(page.read_text(encoding="utf-8"))).splitlines()


def assert_same_output(page: Path, printed: str, stderr: str) -> None:
    """Assert that a script printed to stdout what its page shows, apart from what it printed to stderr."""
    elsewhere = set(comparable(stderr).splitlines())
    shown = [line for line in lines_on_page(page) if line not in elsewhere]
    assert [line for line in comparable(printed).splitlines() if line not in elsewhere] == shown


@pytest.fixture(scope="module")
def claims(lab):
    """The tests of all lessons' claims, which run once for the lessons that share a trainer."""
    return Claims(lab, LESSONS)


@pytest.mark.parametrize("lesson", CLAIMS_CASES)
def test_the_tests_of_the_lesson_s_claims_pass(claims, lesson):
    outcomes, printed = claims.outcomes(lesson)
    assert outcomes
    assert set(outcomes) == {"PASSED"}, printed
