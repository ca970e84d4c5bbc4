"""What the Compose profiles notebook, flavors and spark add, and what the plain stack is without it."""

import json
import time
import urllib.request

import pytest

from lab.lessons import find, lessons
from tests.support.containers import run_script
from tests.support.labs import ROOT, Lab

pytestmark = pytest.mark.stack


def test_the_flavors_trainer_has_all_four_frameworks(stack_lab):
    imports = "import sklearn, xgboost, torch, tensorflow"
    ran = stack_lab.run("python", "-c", imports, profile="flavors")
    assert ran.returncode == 0, ran.stderr


def test_make_shell_with_a_lesson_opens_a_shell_in_its_trainer(stack_lab):
    stack_lab.start_profile("flavors")
    opened = stack_lab.host("shell", "06", typed="python -c 'import torch'\n")
    assert opened.returncode == 0, opened.stderr
    assert stack_lab.compose("stop", "flavors").returncode == 0
    try:
        stopped = stack_lab.host("shell", "06", typed="echo not reached\n")
    finally:
        # `start_profile` would do nothing: it starts a profile once.
        started = stack_lab.compose("--profile", "flavors", "up", "--detach", "--wait")
    assert started.returncode == 0, started.stderr
    assert stopped.returncode == 1
    assert "The container flavors is not running." in stopped.stderr


def test_a_profile_s_trainer_finds_nothing_wrong_with_the_lab(stack_lab):
    for profile in ("notebook", "flavors", "spark"):
        ran = stack_lab.run("lab", "doctor", profile=profile)
        assert ran.returncode == 0, ran.stdout


def test_of_the_frameworks_the_plain_trainer_has_only_xgboost_which_is_small(stack_lab):
    packages, size = stack_lab.script("optional_packages").splitlines()
    assert packages == "[]"
    assert int(size) < 40_000_000


@pytest.mark.parametrize("lab", ["stack"], indirect=True)
def test_make_lesson_brings_its_profile(demo):
    lesson = find("06", lessons(ROOT))
    ran = demo.lesson(lesson, lesson.profile)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    # Each of the four log_*.py prints this line.
    assert ran.stdout.count("is the champion\n") == 4
    assert "4 models agree on 6 of 6 rows" in ran.stdout


def test_a_killed_worker_is_marked_dead_and_replaced_by_a_new_one(stack_lab):
    stack_lab.start_profile("spark")
    before = workers(stack_lab)
    run_script(stack_lab, "spark-worker", "kill_processes", "java")
    began = time.monotonic()
    while len(now := workers(stack_lab)) == len(before) or list(now.values()).count("ALIVE") < 2:
        assert time.monotonic() < began + 60, now
        time.sleep(0.5)
    assert len(now) == len(before) + 1
    assert list(now.values()).count("DEAD") == list(before.values()).count("DEAD") + 1


def workers(lab: Lab) -> dict[str, str]:
    """Return the states of the workers that the master knows, by their id."""
    url = f"http://127.0.0.1:{lab.settings['SPARK_MASTER_UI_PORT']}/json/"
    with urllib.request.urlopen(url, timeout=60) as page:
        return {worker["id"]: worker["state"] for worker in json.load(page)["workers"]}


def test_a_profile_s_services_come_back_after_a_restart(stack_lab):
    stack_lab.start_profile("spark")
    for service in ("spark-master", "spark-worker", "spark"):
        restarted = stack_lab.compose("restart", "--timeout", "5", service)
        assert restarted.returncode == 0, restarted.stderr
    up = stack_lab.compose("--profile", "spark", "up", "--detach", "--wait")
    assert up.returncode == 0, up.stderr
    assert list(workers(stack_lab).values()).count("ALIVE") == 2


def test_a_pipeline_of_spark_ml_is_logged_and_loaded_on_the_cluster(stack_lab):
    ran = stack_lab.run("python", "tests/inside/spark_pipeline.py", profile="spark")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == ["[0.0, 0.0, 1.0, 1.0]"] * 2
