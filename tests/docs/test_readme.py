"""README.md's commands, typed in their order into a fresh copy of the checkout: each works."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from host.settings import PLACEHOLDER, random_secret
from tests.support.checkout import copy_of_checkout
from tests.support.labs import ROOT, Lab, delete, free_ports, run, stack_settings
from tests.support.readmes import Block, fenced, fences, indented_commands

BLOCKS = fenced(ROOT / "README.md", "sh")
# What takes minutes is run by tests/lessons/test_demo.py, and by CI, whose test this is a part of.
ELSEWHERE = ("make demo", "make test")
# The first steps end with the first lines that are typed in the lab's shell.
STEPS = 1 + next(n for n, block in enumerate(BLOCKS) if "lab" in block.words)


@pytest.fixture(params=["embedded", pytest.param("stack", marks=pytest.mark.stack)], scope="module")
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab of which the README's first steps have been done."""
    copy = copy_of_checkout(tmp_path_factory.mktemp("fresh") / "mlflow-model-lab")
    if request.param == "stack":
        settings = stack_settings("mlflow-model-lab-fresh")
        # In the copy Compose cannot even delete before there is a .env.
        same_project = Lab("stack", settings)
        delete(same_project)
        try:
            lab = Lab("stack", settings, copy)
            follow(lab, BLOCKS[:STEPS])
            yield lab
        finally:
            delete(same_project)
    else:
        lab = Lab("embedded", {"MLFLOW_PORT": free_ports(1)[0]}, copy)
        try:
            # As make demo does.
            assert lab.host("up").returncode == 0
            follow(lab, BLOCKS[:STEPS])
            yield lab
        finally:
            lab.host("down")


def follow(lab: Lab, blocks: list[Block]) -> None:
    """Type the blocks that hold in this mode."""
    for block in blocks:
        if "lab" in block.words:
            in_shell(lab, block)
        elif block.words in ([], [lab.mode]):
            for line in block.text.splitlines():
                on_host(lab, re.sub(r"\s+#.*", "", line))


def in_shell(lab: Lab, block: Block) -> None:
    """Type a block's lines in the lab's shell."""
    opens = "docker compose exec trainer bash" if lab.mode == "stack" else "make shell"
    typed(lab, opens, f"set -e\n{block.text}")


def on_host(lab: Lab, line: str) -> None:
    """Type a line in the checkout, with what the README says besides."""
    if line in ELSEWHERE:
        return
    if line.startswith("make restore "):
        # Into an empty lab, of the file that make backup named.
        typed(lab, "make delete-data", "yes\n")
        [file] = (lab.root / "backups").glob("*.tar")
        line = line.replace("…", file.name)
    typed(lab, line)
    if line == "cp .env.example .env":
        env = lab.root / ".env"
        filled = re.sub(f"{PLACEHOLDER}.*", lambda match: random_secret(match[0]), env.read_text())
        env.write_text(filled)


def typed(lab: Lab, line: str, answer: str = "") -> None:
    """Type a line into a shell on the host; `answer` is what is typed then."""
    # Nobody sits at a terminal.
    line = line.replace("compose exec ", "compose exec --no-TTY ")
    env = os.environ | lab.settings | {"LAB_MODE": lab.mode, "PYTHON": sys.executable}
    ran = run(["bash", "-c", line], env=env, cwd=lab.root, typed=answer)
    assert ran.returncode == 0, f"$ {line}\n{answer}\n{ran.stdout}\n{ran.stderr}"


def test_no_command_stands_where_it_would_not_be_tried():
    assert indented_commands(ROOT / "README.md") == []
    for info in fences(ROOT / "README.md"):
        assert info in ("sh", "sh lab", "sh stack", "sh embedded", "mermaid")


@pytest.mark.parametrize("line", ELSEWHERE)
def test_commands_that_take_minutes_are_in_the_readme_and_tested_elsewhere(line):
    assert any(re.search(rf"^{line}\b", block.text, flags=re.MULTILINE) for block in BLOCKS)
    target = line.removeprefix("make ")
    dry = ["make", "--dry-run", "--no-print-directory", target]
    shown = run(dry, env=os.environ | {"PYTHON": "python3"})
    assert shown.stdout.strip() == f"python3 -m host {target}"


def test_first_steps_build_and_start_nothing_that_only_a_profile_needs(lab):
    if lab.mode == "embedded":
        assert not list((lab.root / ".venv").glob("installed-[!t]*"))
        return
    listed = lab.compose("--profile", "*", "ps", "--all", "--format", "json").stdout.splitlines()
    services = {"postgres", "minio", "mlflow", "trainer"}
    assert {json.loads(line)["Service"] for line in listed} == services | {
        "postgres-setup",
        "minio-setup",
    }
    command = ["docker", "images", "--format", "{{.Repository}}"]
    images = subprocess.run(command, text=True, capture_output=True, check=True).stdout.split()
    prefix = f"{lab.settings['COMPOSE_PROJECT_NAME']}-"
    built = {name.removeprefix(prefix) for name in images if name.startswith(prefix)}
    assert built == {"minio-setup", "minio", "mlflow", "trainer"}


def test_models_outlive_a_stop(lab):
    typed(lab, "docker compose down" if lab.mode == "stack" else "make down")
    typed(lab, "docker compose up --wait" if lab.mode == "stack" else "make up")
    again = "python examples/03_models_pyfunc/reproduce_run.py"
    ran = lab.run("bash", "-c", again, MODEL_URI="models:/iris_clf/Production")
    assert ran.returncode == 0, ran.stderr


def test_the_other_commands_of_the_readme_work(lab):
    assert len(BLOCKS) > STEPS
    follow(lab, BLOCKS[STEPS:])
