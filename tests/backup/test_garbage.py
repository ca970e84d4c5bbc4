"""make gc: it deletes for good what was deleted, and keeps what a version of a registered model needs."""

import json
import re

import pytest

from tests.support.labs import Lab


@pytest.fixture(scope="module")
def made(lab: Lab) -> dict:
    """Return the addresses of two versions that must stay, and of files that nobody needs."""
    return json.loads(lab.script("garbage", "make"))


def look(lab: Lab, made: dict) -> dict:
    """Return what the versions answer, and how many of the other files there are."""
    return json.loads(lab.script("garbage", "look", *made["versions"], *made["garbage"]))


def test_it_shows_what_it_would_delete_and_deletes_nothing_without_a_yes(lab, made):
    before = look(lab, made)
    ran = lab.host("gc", typed="no\n")
    assert ran.returncode == 1
    kept = ran.stdout.partition("They are kept:")[2].partition("To be deleted")[0].split()
    assert set(made["versions"]) <= set(kept)
    assert re.search(r"[1-9]\d* experiments, [1-9]\d* runs and [1-9]\d* logged models", ran.stdout)
    assert ran.stdout.endswith("Nothing was deleted.\n")
    assert look(lab, made) == before
    assert all(before["files"])


def test_it_frees_the_room_and_keeps_what_a_version_needs(lab, made):
    ran = lab.host("gc", typed="yes\n")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    before, now = re.search(
        r"files: ([\d,]+) KB before, ([\d,]+) KB now", ran.stdout, re.M
    ).groups()
    assert float(now.replace(",", "")) < float(before.replace(",", ""))
    assert look(lab, made) == {"answers": [2, 2], "files": [0, 0, 0]}
    again = lab.host("gc")
    assert again.returncode == 0
    assert set(made["versions"]) <= set(again.stdout.split())
    assert "There is nothing to delete for good." in again.stdout
