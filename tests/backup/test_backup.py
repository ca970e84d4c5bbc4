"""make backup and make restore: a lab at work, and an empty one that becomes the same."""

import io
import json
import tarfile
from pathlib import Path

import pytest

from tests.support.labs import ROOT, Lab, assert_one_message, delete, free_ports, stack_settings
from tests.support.loggers import Loggers, outcomes

# Of the experiment and of the registered model.
NAME = "test_backup"


def inventory(lab: Lab) -> dict:
    """Return which models and versions of this test a lab has."""
    return json.loads(lab.script("inventory", NAME, NAME))


def load(lab: Lab, seconds: int) -> list[dict]:
    """Let three loggers log for some seconds; return what they were told."""
    return outcomes(lab.script("load", NAME, str(seconds), "3"))


@pytest.fixture(scope="module")
def backup(lab: Lab):
    """Return the path of a backup that was made while loggers were at work, and what was there before."""
    before = load(lab, 3)
    lab.script("register_latest", NAME, NAME)
    loggers = Loggers(lab, NAME, seconds=12, count=3)
    made = lab.host("backup")
    assert any("error" not in told for told in loggers.told())
    assert made.returncode == 0, made.stdout + made.stderr
    file = ROOT / made.stdout.splitlines()[-1].removeprefix("Backup: ")
    yield file, before
    file.unlink()


@pytest.fixture(scope="module")
def empty(lab: Lab, tmp_path_factory: pytest.TempPathFactory):
    """A second lab in the same mode, on empty data, not started yet."""
    if lab.mode == "stack":
        other = Lab("stack", stack_settings("mlflow-model-lab-restored"))
        delete(other)
        yield other
        delete(other)
    else:
        state = str(tmp_path_factory.mktemp("restored"))
        other = Lab("embedded", {"LAB_STATE": state, "MLFLOW_PORT": free_ports(1)[0]})
        yield other
        other.host("down")


def test_an_empty_lab_has_a_backup_too(empty):
    assert empty.host("up").returncode == 0
    made = empty.host("backup")
    assert made.returncode == 0, made.stderr
    assert "Copying 0 objects" in made.stdout
    (ROOT / made.stdout.splitlines()[-1].removeprefix("Backup: ")).unlink()


def test_an_empty_lab_becomes_the_one_that_the_backup_was_taken_of(lab, backup, empty):
    file, before = backup
    restored = empty.host("restore", str(file))
    assert restored.returncode == 0, restored.stdout + restored.stderr
    there, here = inventory(empty), inventory(lab)
    # Every model that the database knows is whole: same address, same bytes, and it answers.
    assert {told["model"] for told in before} <= set(there["models"]) <= set(here["models"])
    for model, files in there["models"].items():
        assert files == here["models"][model]
        assert there["predicts"][model] == here["predicts"][model]
    for part in ("versions", "champion", "by alias"):
        assert there[part] == here[part], part
    # And it goes on: what is logged next finds its numbers free, and the reader's account may look.
    assert all("error" not in told for told in load(empty, 1))
    assert empty.run("lab", "doctor").returncode == 0


def test_a_lab_that_has_runs_is_left_alone(lab, backup):
    file, _ = backup
    there = inventory(lab)
    refused = lab.host("restore", str(file))
    assert refused.returncode == 1
    assert_one_message(
        refused,
        "runs and models, which the restore would overwrite",
        "make backup",
        "make delete-data",
    )
    assert inventory(lab) == there


def test_what_is_no_whole_backup_is_refused(lab, backup, tmp_path):
    file, _ = backup
    cut, other, fewer = tmp_path / "cut.tar", tmp_path / "other.tar", tmp_path / "fewer.tar"
    cut.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    other.write_text("no archive")
    with tarfile.open(file) as whole, tarfile.open(fewer, "w") as archive:
        for member in whole.getmembers()[1:]:
            archive.addfile(member, whole.extractfile(member))
    for path, words in (
        (tmp_path / "none.tar", ("There is no file", file.name)),
        ("", ("make restore FILE=",)),
        (cut, ("is not a complete backup",)),
        (other, ("is not a complete backup",)),
        (fewer, ("is damaged: it should contain",)),
    ):
        refused = lab.host("restore", str(path))
        assert refused.returncode == 1
        assert_one_message(refused, *words)


def test_a_backup_is_for_its_mode_and_its_owner(lab, backup, tmp_path):
    file, _ = backup
    assert file.stat().st_mode & 0o777 == 0o600
    # Told as one of the other mode, so that this needs no engine where there is none.
    another, foreign = {"stack": "embedded", "embedded": "stack"}[lab.mode], tmp_path / "other.tar"
    with tarfile.open(file) as whole, tarfile.open(foreign, "w") as archive:
        for member in whole.getmembers():
            content = whole.extractfile(member).read()
            if member.name == "manifest.json":
                content = content.replace(lab.mode.encode(), another.encode())
                member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    ran = lab.host("restore", str(foreign))
    assert f"LAB_MODE={another} make restore FILE=" in ran.stderr
    assert not list(Path(ROOT / "backups").glob("*.part"))


def test_a_lab_that_never_ran_has_nothing_to_keep(lab, tmp_path):
    nothing = {"LAB_STATE": str(tmp_path)} | stack_settings("mlflow-model-lab-nothing")
    for command in ("backup", "upgrade-database"):
        refused = lab.host(command, **nothing)
        assert refused.returncode == 1
        assert refused.stderr.strip() == "There is no lab here yet. Start it: make up"
