"""A command that waits says what it waits for."""

import itertools
import os
from pathlib import Path

import pytest

from host import background, compose
from host.background import Background


@pytest.mark.parametrize(
    ("failed_attempts", "silence", "count"), [(5, 0, 1), (5, 60, 0), (0, 0, 0)]
)
def test_a_server_that_starts_slowly(
    tmp_path, monkeypatch, capsys, failed_attempts, silence, count
):
    answers = itertools.chain([False] * failed_attempts, [True])
    monkeypatch.setattr(background, "answers", lambda url: next(answers))
    monkeypatch.setattr(background, "SILENCE_SECONDS", silence)
    Background("server", tmp_path, mark="server").wait_for("http://127.0.0.1:9", None)
    assert capsys.readouterr().out == (
        "Waiting for the server to answer, for up to 90 s …\n" * count
    )


@pytest.mark.parametrize(("seconds", "count"), [(0, 0), (3, 1)])
def test_a_docker_engine_that_answers_slowly(tmp_path, monkeypatch, capsys, seconds, count):
    docker = Path(tmp_path, "docker")
    docker.write_text(f"#!/bin/sh\nsleep {seconds}\necho 20.10.24\n")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert compose.engine_problem() == "the Docker engine is 20.10.24, older than 25; update it"
    waiting = "Waiting for the Docker engine to answer, for up to 20 s …\n"
    assert capsys.readouterr().out == waiting * count
