"""Two learners on one server at the same time, each every lesson, in another order."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

pytestmark = pytest.mark.stack


def test_two_learners_at_once_run_every_lesson_in_any_order(stack_lab):
    seeds = [str(random.randrange(1000)) for _ in range(2)]  # noqa: S311
    with ThreadPoolExecutor() as pool:
        for ran in pool.map(
            lambda seed: stack_lab.run("python", "-m", "tests.inside.learner", seed), seeds
        ):
            assert ran.returncode == 0, f"seeds {seeds}\n{ran.stderr}"
            assert len(ran.stdout.splitlines()) >= 13
