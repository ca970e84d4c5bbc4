"""The exercises, tried inside the lab of each mode (tests/exercises says how)."""

from pathlib import Path

import pytest

from lab.lessons import lessons

LESSONS = lessons(Path(__file__).resolve().parent.parent.parent)
# A check uses only MLflow's API, so the mode matters little: the many answers are tried in the quicker one.
CHOSEN = {"embedded": "", "stack": "and solution"}


@pytest.mark.parametrize("profile", sorted({lesson.profile or "" for lesson in LESSONS}))
def test_exercises_and_their_answers(lab, profile):
    """Each in the shell of the trainer that the lesson names."""
    names = " or ".join(lesson.name for lesson in LESSONS if (lesson.profile or "") == profile)
    chosen = f"({names}) {CHOSEN[lab.mode]}"
    ran = lab.run(
        "pytest", "-q", "--tb=short", "tests/exercises", "-k", chosen, profile=profile or None
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "skipped" not in ran.stdout
