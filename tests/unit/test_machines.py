"""Machines other than the tests' own: what the commands of the host do on Windows, on Intel Macs and with Podman."""

import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest

from host import compose, venv
from host.errors import LabError
from host.ports import PORTS, free_ports
from host.settings import read_env_file
from tests.support.checkout import copy_of_checkout
from tests.support.labs import ROOT, assert_one_message

# Runs `python -m host` as if Python had none of the names that Windows lacks.
WINDOWS = """
import argparse, os, runpy, shutil, signal, socket, sqlite3, subprocess, sys, tarfile, tempfile, urllib.request
for name in ("getuid", "geteuid", "getgid", "getegid", "getgroups", "getpgid", "killpg", "setsid", "fork", "chown",
             "uname", "getloadavg", "nice", "mkfifo", "initgroups", "setuid", "setgid"):
    delattr(os, name)
for name in ("SIGKILL", "SIGHUP", "SIGALRM", "SIGUSR1"):
    delattr(signal, name)
for name in ("fcntl", "grp", "pwd", "pty", "resource", "termios"):
    sys.modules[name] = None
sys.platform = "win32"
runpy.run_module("host", run_name="__main__", alter_sys=True)
"""
# As `docker` answers if there are no containers.
NO_CONTAINERS = "#!/bin/sh\n"


def program(folder: Path, name: str, text: str) -> None:
    """Write a program that a PATH with this folder finds."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


def environment(path: str) -> dict[str, str]:
    """Return an environment with a PATH, and with ports for a lab that no program uses."""
    names = [port.setting for port in PORTS]
    return os.environ | dict(zip(names, free_ports(len(names)), strict=True)) | {"PATH": path}


@pytest.fixture
def checkout(tmp_path):
    """A fresh clone, which has no .env."""
    return copy_of_checkout(tmp_path / "lab")


@pytest.fixture
def docker(tmp_path):
    """A folder with a command `docker`."""
    program(tmp_path / "docker", "docker", NO_CONTAINERS)
    return tmp_path / "docker"


def on_windows(checkout: Path, path: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the host as Windows would."""
    words = [sys.executable, "-c", WINDOWS, command]
    env = environment(str(path))
    return subprocess.run(words, cwd=checkout, env=env, text=True, capture_output=True)


def test_windows_prepares_the_dev_container(checkout, docker):
    prepared = on_windows(checkout, docker, "prepare")
    assert prepared.returncode == 0, prepared.stderr
    assert prepared.stdout == "Wrote .env with random passwords.\n"
    assert read_env_file(checkout / ".env")["LAB_UID"] == "1000"
    assert b"\r" not in (checkout / ".env").read_bytes()


# Without the message, these do nothing to a checkout that has no lab.
@pytest.mark.parametrize("command", ["down", "shell", "backup"])
def test_windows_gets_one_message_for_every_other_command(checkout, docker, command):
    refused = on_windows(checkout, docker, command)
    assert_one_message(refused, f"cannot run the command {command}", "WSL 2", "docs/machines.md")
    assert refused.stdout == ""


def test_an_editor_without_docker_gets_one_message(checkout, tmp_path):
    refused = on_windows(checkout, tmp_path, "prepare")
    assert_one_message(refused, "docker is not installed", "docs/machines.md")


def initialize(checkout: Path, docker: Path, **pythons: str) -> subprocess.CompletedProcess[str]:
    """Run what an editor runs on the host, on a machine whose only Pythons have these names and texts."""
    settings = (checkout / ".devcontainer" / "devcontainer.json").read_text()
    command = json.loads(re.search(r'"initializeCommand": (".*?"),\n', settings)[1])
    for name, text in pythons.items():
        program(docker, name, text)
    env = environment(str(docker))
    words = ["/bin/sh", "-c", command]
    return subprocess.run(words, cwd=checkout, env=env, text=True, capture_output=True)


PYTHON = f'#!/bin/sh\nexec {sys.executable} "$@"\n'
# As Windows's own python3, which only opens the Microsoft Store, and as the Python of an older macOS.
NO_PYTHON = "#!/bin/sh\necho 'Python was not found' >&2\nexit 49\n"


@pytest.mark.parametrize("name", ["python3", "python", "py"])
def test_an_editor_prepares_the_lab_whatever_the_name_of_python(checkout, docker, name):
    prepared = initialize(checkout, docker, **{name: PYTHON})
    assert prepared.returncode == 0, prepared.stderr
    assert (checkout / ".env").exists()


def test_an_editor_takes_the_python_that_works(checkout, docker):
    prepared = initialize(checkout, docker, python3=NO_PYTHON, python=NO_PYTHON, py=PYTHON)
    assert prepared.returncode == 0, prepared.stderr
    assert (checkout / ".env").exists()


def test_an_editor_does_not_go_on_without_a_python_or_with_a_wrong_env_file(checkout, docker):
    assert initialize(checkout, docker, python3=NO_PYTHON).returncode != 0
    (checkout / ".env").write_text("MLFLOW_PORT=5000\n")
    refused = initialize(checkout, docker, python3=PYTHON)
    assert_one_message(refused, "in .env is missing")


def test_git_on_windows_keeps_the_line_ends_that_the_containers_need(checkout):
    files = ["trainer/bashrc", "docker-compose.yml", ".env.example", "Makefile"]
    words = ["git", "check-attr", "eol", "--", *files]
    listed = subprocess.run(words, cwd=ROOT, text=True, capture_output=True, check=True)
    assert listed.stdout.splitlines() == [f"{file}: eol: lf" for file in files]


# What Podman's own `docker` prints, and what Docker's prints of an engine that is Podman's. The last one is
# Podman on macOS before `podman machine start`.
PODMAN = {
    "command": 'if [ "$2" ]; then echo 5.4.2; else echo "Client:       Podman Engine"; fi',
    "engine": 'if [ "$2" ]; then echo 5.4.2; else printf "Server: linux\\n Podman Engine:\\n"; fi',
    "stopped": "echo Cannot connect to Podman. >&2; exit 125",
}


@pytest.mark.parametrize("kind", PODMAN)
def test_podman_is_called_podman(tmp_path, monkeypatch, kind):
    program(tmp_path / "bin", "docker", f"#!/bin/sh\n{PODMAN[kind]}\n")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    problem = compose.engine_problem()
    assert (
        problem
        == "docker is Podman on this machine, and the stack needs Docker; see docs/machines.md"
    )


@pytest.mark.parametrize(
    ("system", "processor", "is_refused"),
    [("darwin", "x86_64", True), ("darwin", "arm64", False), ("linux", "x86_64", False)],
)
def test_an_intel_mac_gets_one_line_before_anything_is_installed(
    tmp_path, monkeypatch, system, processor, is_refused
):
    class StartsToInstall(Exception):
        pass

    def make():
        raise StartsToInstall

    monkeypatch.setattr(venv, "VENV", tmp_path / "venv")
    monkeypatch.setattr(venv, "make", make)
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "machine", lambda: processor)
    with pytest.raises(LabError if is_refused else StartsToInstall) as raised:
        venv.install("trainer")
    if is_refused:
        assert re.fullmatch(r".*Intel Macs.*cryptography.*Docker.*arm64.*", str(raised.value))
    assert not (tmp_path / "venv").exists()
