"""A first look at the exercises for `pytest -m quick`; test_exercises.py runs all of them in each mode."""

import pytest


@pytest.mark.quick
def test_starter_fails_its_check_and_solution_passes(embedded_lab):
    chosen = "02_log and (starter_runs or solution_passes)"
    ran = embedded_lab.run("pytest", "-q", "--tb=short", "tests/exercises", "-k", chosen)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "2 passed" in ran.stdout
