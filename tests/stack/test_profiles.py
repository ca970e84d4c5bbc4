"""What the Compose profiles flavors and spark add: what it may do and see, and what the plain stack is without it."""

import json
import re
import time
import urllib.request

import pytest

from tests.labs import Lab

# Each service of a profile, and whether its root file system can be written.
SERVICES = {
    "flavors": ("flavors", True),
    "spark": ("spark", True),
    "spark-master": ("spark", False),
    "spark-worker": ("spark", False),
}


@pytest.fixture(params=SERVICES)
def service(request, stack_lab):
    """Start the service's profile and return the service's name."""
    stack_lab.start_profile(SERVICES[request.param][0])
    return request.param


def inside(lab: Lab, service: str, *words: str) -> str:
    """Run a command in a service's container and return all it prints."""
    ran = lab.compose("exec", "--no-TTY", service, *words)
    return ran.stdout + ran.stderr


def test_it_does_not_run_as_root_and_cannot_become_it(stack_lab, service):
    status = inside(stack_lab, service, "cat", "/proc/1/status")
    assert not re.search(r"^Uid:.*\b0\b", status, flags=re.MULTILINE)
    assert re.search(r"^CapBnd:\s+0+$", status, flags=re.MULTILINE)
    assert re.search(r"^NoNewPrivs:\s+1$", status, flags=re.MULTILINE)


def test_its_file_system_is_read_only_where_it_can_be(stack_lab, service):
    if SERVICES[service][1]:
        assert "Read-only file system" in inside(stack_lab, service, "touch", "/lab/x")
    else:
        assert "Read-only file system" in inside(stack_lab, service, "touch", "/home/learner/x")


def test_it_knows_the_trainer_s_secrets_or_none(stack_lab, service):
    listed = stack_lab.compose("--profile", "*", "config", "--format", "json").stdout
    secrets = {
        (name, key): value
        for name, config in json.loads(listed)["services"].items()
        for key, value in config.get("environment", {}).items()
        if key.endswith(("PASSWORD", "SECRET", "KEY"))
    }
    known = inside(stack_lab, service, "env")
    trainer_s = {value for (name, _), value in secrets.items() if name == "trainer"}
    found = {value for value in secrets.values() if value in known}
    # The cluster runs what it is sent, and has nothing to give away.
    assert found == (trainer_s if SERVICES[service][1] else set())
    assert len(set(secrets.values()) - trainer_s) >= 5


def test_its_ports_are_published_on_the_loopback_address_only(stack_lab, service):
    listed = stack_lab.compose("--profile", "*", "ps", "--format", "json", service).stdout
    bound = [
        publisher
        for line in listed.splitlines()
        for publisher in json.loads(line)["Publishers"] or []
        if publisher["PublishedPort"]
    ]
    assert {publisher["URL"] for publisher in bound} <= {"127.0.0.1"}
    ports = {str(publisher["PublishedPort"]) for publisher in bound}
    names = {"spark": "SPARK_UI_PORT", "spark-master": "SPARK_MASTER_UI_PORT"}
    expected = {stack_lab.settings[names[service]]} if service in names else set()
    assert ports == expected


def test_the_flavors_trainer_has_all_four_frameworks(stack_lab):
    imports = "import sklearn, xgboost, torch, tensorflow"
    ran = stack_lab.run("python", "-c", imports, profile="flavors")
    assert ran.returncode == 0, ran.stderr


def test_a_profile_s_trainer_finds_nothing_wrong_with_the_lab(stack_lab):
    for profile in ("flavors", "spark"):
        ran = stack_lab.run("lab", "doctor", profile=profile)
        assert ran.returncode == 0, ran.stdout


def test_the_plain_trainer_has_of_them_xgboost_only_which_is_small(stack_lab):
    code = """
from importlib.metadata import distribution
from importlib.util import find_spec
print([name for name in ("torch", "tensorflow", "pyspark") if find_spec(name)])
files = distribution("xgboost-cpu").files
print(sum(file.locate().stat().st_size for file in files if file.locate().exists()))
"""
    found, size = stack_lab.run("python", "-c", code).stdout.splitlines()
    assert found == "[]"
    assert int(size) < 40_000_000


def test_make_lesson_brings_its_profile(stack_lab):
    ran = stack_lab.host("lesson", "06_flavors")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count("is the champion") == 4
    assert "5 models agree" in ran.stdout


KILL = """
import os, pathlib, signal
for process in pathlib.Path("/proc").glob("[0-9]*"):
    words = (process / "cmdline").read_bytes().split(b"\\0")
    if words[0].endswith(b"java"):
        os.kill(int(process.name), signal.SIGKILL)
"""


def test_a_worker_that_is_killed_is_struck_from_the_list_and_comes_back_as_a_new_one(stack_lab):
    stack_lab.start_profile("spark")
    before = workers(stack_lab)
    stack_lab.compose("exec", "--no-TTY", "--index", "1", "spark-worker", "python", "-c", KILL)
    began = time.monotonic()
    while len(now := workers(stack_lab)) == len(before) or list(now.values()).count("ALIVE") < 2:
        assert time.monotonic() < began + 60, now
        time.sleep(0.5)
    assert len(now) == len(before) + 1
    assert list(now.values()).count("DEAD") == list(before.values()).count("DEAD") + 1


def workers(lab: Lab) -> dict[str, str]:
    """Return the states of the workers that the master knows, by their id."""
    url = f"http://127.0.0.1:{lab.settings['SPARK_MASTER_UI_PORT']}/json/"
    with urllib.request.urlopen(url, timeout=10) as page:
        return {worker["id"]: worker["state"] for worker in json.load(page)["workers"]}


def test_a_profile_s_services_come_back_after_a_restart(stack_lab):
    stack_lab.start_profile("spark")
    for service in ("spark-master", "spark-worker", "spark"):
        restarted = stack_lab.compose("restart", "--timeout", "5", service)
        assert restarted.returncode == 0, restarted.stderr
    up = stack_lab.compose("--profile", "spark", "up", "--detach", "--wait")
    assert up.returncode == 0, up.stderr
    assert list(workers(stack_lab).values()).count("ALIVE") == 2
