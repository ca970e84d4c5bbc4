"""The exercises, tried inside the lab of each mode (tests/exercises says how)."""


def test_exercises_and_their_answers(lab):
    ran = lab.run("pytest", "-q", "--tb=short", "tests/exercises")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "skipped" not in ran.stdout
