"""Everything that README.md and the pages in docs/ have you type works in a fresh copy of the checkout, in order."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from host.settings import PLACEHOLDER, random_secret
from tests.support.checkout import copy_of_checkout
from tests.support.labs import ROOT, Lab, delete, free_ports, run, stack_settings
from tests.support.pictures import why_picture_is_out_of_date
from tests.support.readmes import Block, fenced, fences, indented_commands

README = ROOT / "README.md"
# The page that starts the stack without make deletes the data first, so its commands come before the others'.
DOCS = sorted((ROOT / "docs").glob("*.md"), key=lambda file: (file.stem != "services", file.stem))
BLOCKS = fenced(README, "sh")
# These take minutes. tests/lessons/test_demo.py runs the first. The second is what CI runs, and this test with it.
ELSEWHERE = ("make demo", "make test")
# The lines after one of these are typed into the shell that it opens.
SHELLS = ("make shell", "docker compose exec trainer bash")
# The door "Learn": the block that opens the lab's shell, and everything before it.
LEARN = 1 + next(
    number for number, block in enumerate(BLOCKS) if re.search("^make shell", block.text, re.M)
)
# How long a newcomer may take from the first command to a model that is loaded by its alias.
SECONDS = {"embedded": 5 * 60, "stack": 10 * 60}
PICTURE = ROOT / "docs" / "lab.svg"
# The lessons whose exercises are passed in the picture.
PASSED = ("00", "01")


@dataclass(frozen=True)
class Newcomer:
    """A lab whose user has typed what the door "Learn" says: when that began, and what the last command printed."""

    lab: Lab
    began: float
    printed: str


@pytest.fixture(params=["embedded", pytest.param("stack", marks=pytest.mark.stack)], scope="module")
def newcomer(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Newcomer]:
    """A newcomer who follows the README in a fresh copy."""
    copy = copy_of_checkout(tmp_path_factory.mktemp("fresh") / "mlflow-model-lab")
    if request.param == "stack":
        settings = stack_settings("mlflow-model-lab-fresh")
        # Compose cannot even delete before the copy has a .env, so ROOT's is used.
        same_project = Lab("stack", settings)
        delete(same_project)
        try:
            lab = Lab("stack", settings, copy)
            build_images(lab)
            yield first_steps(lab)
        finally:
            delete(same_project)
    else:
        lab = Lab("embedded", {"MLFLOW_PORT": free_ports(1)[0]}, copy)
        try:
            yield first_steps(lab)
        finally:
            lab.host("down")


def build_images(lab: Lab) -> None:
    """Build the images in advance: the time for that does not count for a newcomer."""
    prepared = lab.host("prepare")
    assert prepared.returncode == 0, prepared.stderr
    built = lab.compose("build")
    assert built.returncode == 0, built.stderr
    # A fresh clone has none.
    (lab.root / ".env").unlink()


def first_steps(lab: Lab) -> Newcomer:
    """Type what the README says up to the end of the door "Learn"."""
    began = time.monotonic()
    printed = follow(lab, BLOCKS[:LEARN])
    return Newcomer(lab, began, printed)


@pytest.fixture(scope="module")
def lab(newcomer: Newcomer) -> Lab:
    """The newcomer's lab."""
    return newcomer.lab


@pytest.fixture(scope="module")
def followed_lab(lab: Lab) -> Lab:
    """The same lab after everything else that the README has you type."""
    assert len(BLOCKS) > LEARN
    follow(lab, BLOCKS[LEARN:])
    return lab


def follow(lab: Lab, blocks: list[Block]) -> str:
    """Type the blocks for this mode; return what the last command printed."""
    printed = ""
    for block in blocks:
        lines = [re.sub(r"\s+#.*", "", line) for line in block.text.splitlines()]
        if block.words == ["lab"]:
            printed = in_shell(lab, SHELLS[0], lines)
        elif block.words in ([], [lab.mode]):
            for number, line in enumerate(lines):
                if line in SHELLS:
                    printed = in_shell(lab, line, lines[number + 1 :])
                    break
                printed = on_host(lab, line)
    return printed


def in_shell(lab: Lab, opens: str, lines: list[str]) -> str:
    """Type lines into the lab's shell."""
    return typed(lab, opens, "\n".join(["set -e", *lines, ""]))


def on_host(lab: Lab, line: str) -> str:
    """Type a line in the checkout, and do what the page says beside it."""
    if line in ELSEWHERE:
        return ""
    if line == "cp .env.example .env":
        # A fresh clone has no volumes that know another .env's passwords.
        typed(lab, "make delete-data", "yes\n")
    if line.startswith("make restore "):
        # The lab must be empty. The file is the one that `make backup` wrote.
        typed(lab, "make delete-data", "yes\n")
        [file] = (lab.root / "backups").glob("*.tar")
        line = line.replace("…", file.name)
    printed = typed(lab, line)
    if line == "cp .env.example .env":
        env = lab.root / ".env"
        filled = re.sub(f"{PLACEHOLDER}.*", lambda match: random_secret(match[0]), env.read_text())
        env.write_text(filled)
    return printed


def typed(lab: Lab, line: str, answer: str = "") -> str:
    """Type a line into a shell on the host, then `answer`; return what was printed."""
    # Nobody sits at a terminal.
    line = line.replace("compose exec ", "compose exec --no-TTY ")
    env = os.environ | lab.settings | {"LAB_MODE": lab.mode, "PYTHON": sys.executable}
    ran = run(["bash", "-c", line], env=env, cwd=lab.root, typed=answer)
    assert ran.returncode == 0, f"$ {line}\n{answer}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout


def assert_only_default_services(lab: Lab) -> None:
    """Assert that the stack has started, and its images contain, nothing that only a profile needs."""
    listed = lab.compose("--profile", "*", "ps", "--all", "--format", "json").stdout.splitlines()
    services = {"postgres", "minio", "mlflow", "trainer"}
    assert {json.loads(line)["Service"] for line in listed} == services | {
        "postgres-setup",
        "store-setup",
    }
    command = ["docker", "images", "--format", "{{.Repository}}"]
    images = subprocess.run(command, text=True, capture_output=True, check=True).stdout.split()
    prefix = f"{lab.settings['COMPOSE_PROJECT_NAME']}-"
    built = {name.removeprefix(prefix) for name in images if name.startswith(prefix)}
    assert built == {"store-setup", "minio", "mlflow", "trainer"}


@pytest.mark.quick
@pytest.mark.parametrize("page", [README, *DOCS], ids=lambda file: file.stem)
def test_every_command_stands_in_a_block_that_is_tried(page):
    assert indented_commands(page) == []
    for info in fences(page):
        assert info in ("sh", "sh lab", "sh stack", "sh embedded", "mermaid")


@pytest.mark.quick
@pytest.mark.parametrize("line", ELSEWHERE)
def test_commands_that_take_minutes_are_in_the_readme_and_tested_elsewhere(line):
    assert re.search(rf"^{line}\b", BLOCKS[0].text, flags=re.MULTILINE)
    target = line.removeprefix("make ")
    dry = ["make", "--dry-run", "--no-print-directory", target]
    shown = run(dry, env=os.environ | {"PYTHON": "python3"})
    assert shown.stdout.strip() == f"python3 -m host {target}"


def test_first_steps_build_and_start_nothing_that_only_a_profile_needs(lab):
    if lab.mode == "embedded":
        assert not list((lab.root / ".venv").glob("installed-[!t]*"))
    else:
        assert_only_default_services(lab)


def test_a_newcomer_soon_has_a_registered_model_that_loads_by_its_alias(newcomer):
    lab = newcomer.lab
    # The last command of the door is `lab`, which names the next one.
    following = re.search(r"lab run \d+", newcomer.printed)[0]
    in_shell(lab, SHELLS[0], [following])
    loaded = lab.run("python", "tests/inside/load_by_alias.py")
    assert time.monotonic() - newcomer.began < SECONDS[lab.mode]
    assert loaded.returncode == 0, loaded.stderr
    assert re.search(r"^models:/iris_\w+@\w+$", loaded.stdout, flags=re.MULTILINE)


# The picture is the same in both modes, and whatever the ports are.
@pytest.mark.parametrize("newcomer", ["embedded"], indirect=True)
def test_the_picture_of_lab_shows_what_lab_prints(lab, pytestconfig):
    for number in PASSED:
        [folder] = (lab.root / "tutorial").glob(f"{number}_*")
        exercise = folder / "exercise.py"
        exercise.write_bytes((folder / ".lesson" / "solution.py").read_bytes())
        in_shell(lab, SHELLS[0], [f"python {exercise.relative_to(lab.root)}"])
    settings = {"LAB_MLFLOW_PAGE": "http://localhost:5000", "LAB_MINIO_PAGE": ""}
    drawn = lab.run("python", "tests/inside/picture_of_lab.py", **settings)
    assert drawn.returncode == 0, drawn.stderr
    if pytestconfig.getoption("screenshots"):
        PICTURE.write_text(drawn.stdout, encoding="utf-8")
    elif problem := why_picture_is_out_of_date(PICTURE, drawn.stdout):
        pytest.fail(problem)


def test_the_other_commands_of_the_readme_work(followed_lab):
    """The fixture types them."""


def test_models_outlive_a_stop(followed_lab):
    typed(followed_lab, "docker compose down" if followed_lab.mode == "stack" else "make down")
    typed(followed_lab, "docker compose up --wait" if followed_lab.mode == "stack" else "make up")
    script = "examples/03_models_pyfunc/reproduce_run.py"
    ran = followed_lab.run("python", script, MODEL_URI="models:/iris_clf/Production")
    assert ran.returncode == 0, ran.stderr


# tests/backup and tests/stack/test_upgrade.py run on the stack what the pages without commands of its own say.
CASES = [("embedded", page) for page in DOCS] + [
    pytest.param("stack", page, marks=pytest.mark.stack)
    for page in DOCS
    if any("stack" in block.words for block in fenced(page, "sh"))
]


@pytest.mark.parametrize(
    ("newcomer", "page"),
    CASES,
    indirect=["newcomer"],
    ids=lambda value: getattr(value, "stem", value),
)
def test_the_commands_of_the_other_pages_work(followed_lab, page):
    for block in fenced(page, "sh"):
        follow(followed_lab, [block])
        if followed_lab.mode == "stack" and "cp .env.example .env" in block.text:
            assert_only_default_services(followed_lab)
