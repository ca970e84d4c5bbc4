"""What lab.explain says of errors that need no running lab."""

import subprocess
import sys

import pytest
import requests

from lab.explain import TRACKING_URI, explain
from tests.support.labs import free_ports


def test_a_lesson_s_server_that_does_not_run_is_named_with_the_command_that_starts_it(monkeypatch):
    monkeypatch.setenv(TRACKING_URI, "http://localhost:5000")
    [port] = free_ports(1)
    with pytest.raises(requests.ConnectionError) as refused:
        requests.get(f"http://127.0.0.1:{port}/ping", timeout=5)
    message = explain(refused.value)
    assert f"Nothing listens at 127.0.0.1:{port}." in message
    assert "type `lab serve` and the lesson's number" in message


def test_another_machine_s_server_is_not_taken_for_a_lesson_s(monkeypatch):
    monkeypatch.setenv(TRACKING_URI, "http://localhost:5000")
    error = requests.ConnectionError(
        "HTTPConnectionPool(host='example.org', port=80): Connection refused"
    )
    assert explain(error) is None


@pytest.mark.parametrize("script", ["run.py", "deeper/more.py"])
def test_a_missing_package_of_a_lesson_is_named_with_the_command_that_installs_it(tmp_path, script):
    lesson = tmp_path / "07_topic"
    (lesson / ".lesson").mkdir(parents=True)
    (lesson / "deeper").mkdir()
    (lesson / script).write_text("import a_package_of_nobody\n")
    assert "Traceback" in run(lesson / script)
    (lesson / ".lesson" / "profile").write_text("big\n")
    message = run(lesson / script)
    assert message.startswith("a_package_of_nobody is not installed here.")
    assert "On your own machine: make lesson-07, and then make shell-07" in message


def run(script):
    """Run a script that fails. Return what it prints to stderr."""
    ran = subprocess.run(
        [sys.executable, str(script)], cwd=script.anchor, text=True, capture_output=True
    )
    assert ran.returncode == 1
    return ran.stderr
