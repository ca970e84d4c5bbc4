"""What lab.explain says of errors that need no running lab."""

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
