"""Every lesson on disk, in every mode: its README tells the truth, its claims hold."""

import pytest

from lab.lessons import find, lessons
from tests.labs import ROOT, Lab
from tests.readmes import IN_PROFILE, console_blocks, difference, indented_commands

LESSONS = [lesson.name for lesson in lessons(ROOT)]

pytestmark = pytest.mark.parametrize("lesson", LESSONS)


def in_shell(lab: Lab, command: str):
    """Run a command as its README has it typed, in the shell of the trainer that it names."""
    profile = IN_PROFILE.match(command)
    inner = IN_PROFILE.sub("", command)
    return lab.run("bash", "-c", inner, profile=profile[1] if profile else None)


def test_readme_shows_what_its_commands_print(lab, lesson):
    found = find(lesson, lessons(ROOT))
    blocks = console_blocks(found.folder / "README.md")
    shown = {IN_PROFILE.sub("", command) for _, _, command, _ in blocks}
    assert {f"python {script}" for script in found.scripts} <= shown
    assert {mode for _, mode, _, _ in blocks} <= {"", "stack", "embedded"}
    for where, mode, command, promised in blocks:
        if mode not in ("", lab.mode):
            continue
        ran = in_shell(lab, command)
        assert (ran.returncode, ran.stderr) == (0, ""), f"{where}\n{ran.stdout}\n{ran.stderr}"
        if differs := difference(command, promised, ran.stdout):
            pytest.fail(f"{where}\n$ {command}\n{differs}")


def test_readme_s_other_commands_work(lab, lesson):
    """What is typed and not shown with its output: the form of lab's and make's is tests/docs' affair."""
    found = find(lesson, lessons(ROOT))
    shown = {
        IN_PROFILE.sub("", command)
        for _, _, command, _ in console_blocks(found.folder / "README.md")
    }
    for command in indented_commands(found.folder / "README.md"):
        if IN_PROFILE.sub("", command) in shown or command.startswith(("lab ", "make ", "docker ")):
            continue
        ran = in_shell(lab, command)
        # diff says with 1 that it found what the reader is to see.
        assert ran.returncode in ((0, 1) if command.startswith("diff ") else (0,)), ran.stderr
        assert ran.stderr == "", command


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
