"""The dev container by the public command-line tool, as VS Code starts it: a learner's own checkout, edited inside.

The checkout is a copy whose owner is no root, because files keep their owner only if that can be told from root.
"""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from host.settings import read_env_file
from tests.support.checkout import commit_all, copy_of_checkout
from tests.support.labs import ROOT, Lab, stack_settings

pytestmark = pytest.mark.stack

# Where the tests run as root the checkout is given to a user of this number: none of Debian's own.
NUMBER = 4242
EXERCISE = "tutorial/02_log/exercise.py"


@dataclass(frozen=True)
class Workspace:
    """A learner's checkout, and the tool that opens it."""

    folder: Path
    tool: Path
    owner: int
    lab: Lab

    def run(self, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the checkout as its owner, with the engine's group."""
        env = os.environ | self.lab.settings | {"HOME": str(self.tool)} | settings
        as_owner = {}
        if os.getuid() == 0:
            engine = Path("/var/run/docker.sock").stat().st_gid
            as_owner = {"user": self.owner, "group": engine, "extra_groups": []}
        return subprocess.run(
            command,
            cwd=self.folder,
            env=env,
            text=True,
            capture_output=True,
            timeout=1200,
            **as_owner,
        )

    def devcontainer(self, command: str, *words: str, **settings: str):
        """Run the tool."""
        tool = str(self.tool / "node_modules/.bin/devcontainer")
        return self.run(tool, command, "--workspace-folder", str(self.folder), *words, **settings)

    def inside(self, command: str) -> str:
        """Run a shell command in the container as its terminal does, and return what it prints."""
        ran = self.devcontainer("exec", "bash", "-ic", command)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout


@pytest.fixture(scope="module")
def workspace() -> Iterator[Workspace]:
    """A checkout of somebody who is no root, and the tool."""
    lab = Lab("stack", stack_settings("mlflow-model-lab-dev"))
    owner = os.getuid() or NUMBER
    # Not pytest's folder, which is for its own user only.
    with tempfile.TemporaryDirectory() as folder:
        here = Workspace(Path(folder, "lab"), Path(folder, "tool"), owner, lab)
        here.tool.mkdir()
        commit_all(copy_of_checkout(here.folder))
        for file in (ROOT / "tests/stack/npm").iterdir():
            shutil.copy(file, here.tool)
        subprocess.run(["npm", "ci", "--silent"], cwd=here.tool, check=True)
        if os.getuid() == 0:
            Path(folder).chmod(0o755)
            subprocess.run(["useradd", "--uid", str(NUMBER), "lab-owner"], check=True)
            subprocess.run(["chown", "-R", f"{NUMBER}:{NUMBER}", folder], check=True)
        try:
            yield here
        finally:
            remove(here)
            if os.getuid() == 0:
                subprocess.run(["userdel", "lab-owner"], check=True)


def remove(here: Workspace) -> None:
    """Delete the containers and volumes, and the images that only this checkout has."""
    project = here.lab.settings["COMPOSE_PROJECT_NAME"]
    containers = here.run(
        "docker", "ps", "-aq", "--filter", f"label=com.docker.compose.project={project}"
    )
    of_containers = here.run(
        "docker", "inspect", "--format", "{{.Config.Image}}", *containers.stdout.split()
    )
    everything = ["--volumes", "--remove-orphans", "--rmi", "local"]
    down = here.run("docker", "compose", "--profile", "*", "down", *everything)
    assert down.returncode == 0, down.stderr
    # The tool makes one more of the dev container's, with a name of its own.
    ours = {name for name in of_containers.stdout.split() if name.startswith(("vsc-", project))}
    here.run("docker", "rmi", "--force", f"{project}-devcontainer", *ours)


@pytest.fixture(scope="module")
def opened(workspace) -> Workspace:
    """The checkout, opened in its container."""
    up = workspace.devcontainer("up")
    assert up.returncode == 0, up.stdout + up.stderr
    # What the terminal shows first.
    assert "Next: lesson 0, " in up.stderr + up.stdout
    return workspace


def test_the_terminal_is_the_learner_s_and_lab_answers_there(opened):
    assert opened.inside("id -un; pwd").split()[-2:] == ["learner", "/lab"]
    assert "lab hint 1 2" in opened.inside("lab hint 1")


def test_an_exercise_edited_inside_is_on_the_host_its_owner_s(opened):
    opened.inside(f"echo '# mine' >> {EXERCISE}")
    assert (opened.folder / EXERCISE).read_text().endswith("# mine\n")
    opened.inside("lab run 01")
    strangers = [path for path in opened.folder.rglob("*") if path.lstat().st_uid != opened.owner]
    assert strangers == []


def test_a_lesson_s_run_is_still_there_after_a_stop_and_a_start(opened):
    assert "models:/m-" in opened.inside("lab run 02")
    stopped = opened.run("docker", "compose", "stop")
    assert stopped.returncode == 0, stopped.stderr
    again = opened.devcontainer("up")
    assert again.returncode == 0, again.stderr
    count = "import mlflow; print(len(mlflow.search_runs(experiment_names=['02_log'])))"
    assert opened.inside(f'python -c "{count}"').split()[-1] == "3"


def test_the_pages_that_are_forwarded_answer_and_have_labels(opened):
    read = opened.devcontainer("read-configuration")
    configuration = json.loads(read.stdout)["configuration"]
    forwarded = configuration["forwardPorts"]
    assert set(forwarded) == {"mlflow:5000", "minio:9001"}
    assert all(configuration["portsAttributes"][port]["label"] for port in forwarded)
    for port in forwarded:
        code = f"import urllib.request as u; print(u.urlopen('http://{port}/').status)"
        assert opened.inside(f'python -c "{code}"').split()[-1] == "200"


def test_the_other_services_secrets_are_not_in_the_workspace(opened):
    assert opened.inside("wc -c < .env").split()[-1] == "0"
    assert (opened.folder / ".env").stat().st_mode & 0o777 == 0o600


def test_a_port_that_is_taken_is_named_with_its_setting(opened):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = str(listener.getsockname()[1])
        up = opened.devcontainer("up", MLFLOW_PORT=taken)
    assert up.returncode != 0
    assert f"Port {taken} cannot be used" in up.stdout + up.stderr
    assert "MLFLOW_PORT in .env" in up.stdout + up.stderr


@pytest.fixture(scope="module")
def jupyterlab(opened) -> Callable[..., tuple[int, Any]]:
    """Start JupyterLab, the other way to the same checkout; only here the checkout's owner is the learner.

    Return a function that sends a request for a file or folder, and returns the status and the content of the response.
    """
    up = opened.run("docker", "compose", "up", "--build", "--wait", "notebook")
    assert up.returncode == 0, up.stderr
    token = read_env_file(opened.folder / ".env")["JUPYTER_TOKEN"]
    address = f"http://127.0.0.1:{opened.lab.settings['JUPYTER_PORT']}/api/contents"

    def ask(method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        content = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"token {token}"}
        url = f"{address}/{path}"
        request = urllib.request.Request(url, content, headers, method=method)  # noqa: S310
        with urllib.request.urlopen(request) as response:  # noqa: S310
            return response.status, json.load(response)

    return ask


def test_what_jupyterlab_saves_is_the_learner_s_script_and_the_owner_s_file(opened, jupyterlab):
    before = (opened.folder / EXERCISE).read_text()
    _, notebook = jupyterlab("GET", f"{EXERCISE}?type=notebook")
    notebook["content"]["cells"][1]["source"] = "import os  # edited"
    status, _ = jupyterlab("PUT", EXERCISE, {"type": "notebook", "content": notebook["content"]})
    assert status == 200
    after = (opened.folder / EXERCISE).read_text()
    changed = [line for line in after.splitlines() if line not in before.splitlines()]
    assert changed == ["import os  # edited"]
    assert after.partition("# %% Delete what")[2] == before.partition("# %% Delete what")[2] != ""
    assert (opened.folder / EXERCISE).stat().st_uid == opened.owner


def test_jupyterlab_creates_a_notebook_in_work_which_git_ignores(opened, jupyterlab):
    # The request of JupyterLab's launcher.
    _, notebook = jupyterlab("POST", "work", {"type": "notebook"})
    created = opened.folder / notebook["path"]
    assert created.parent.name == "work"
    assert created.stat().st_uid == opened.owner
    assert opened.run("git", "status", "--porcelain", "work").stdout == ""
