"""The pinned requirements are complete, and name no index."""

import re
from pathlib import Path

import pytest

from tests.support.labs import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def pins(path: Path) -> dict[str, set[str]]:
    """Return the versions that a file pins, by package."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([\w.]+)", path.read_text(), flags=re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_every_pin_has_a_hash_and_no_line_has_an_address(path):
    text = path.read_text()
    assert "://" not in text
    assert not re.findall(r"^[\w.-]+==[^\\\n]*$", text, flags=re.MULTILINE)


def test_trainer_has_the_server_s_packages_in_the_same_versions():
    server, trainer, dev = (
        pins(ROOT / "requirements" / f"{n}.txt") for n in ("server", "trainer", "dev")
    )
    assert server.items() <= trainer.items() <= dev.items()


@pytest.mark.parametrize("profile", ["notebook", "flavors", "spark"])
def test_a_profile_s_trainer_has_the_trainer_s_packages_in_the_same_versions(profile):
    trainer, more = (pins(ROOT / "requirements" / f"{n}.txt") for n in ("trainer", profile))
    assert trainer.items() < more.items()


def test_both_images_begin_with_the_same_lines_and_so_share_their_python():
    shared = []
    for image in ("mlflow-server", "trainer"):
        lines = (ROOT / image / "Dockerfile").read_text().splitlines()
        end = next(n for n, line in enumerate(lines) if line.startswith("COPY --from=packages"))
        begin = next(n for n, line in enumerate(lines) if line.startswith("FROM "))
        shared.append([line for line in lines[begin : end + 1] if not line.startswith("#")])
    # The stage's name is no part of the image.
    assert [line.removesuffix(" AS slim") for line in shared[1]] == shared[0]


def test_minio_s_setup_shares_the_first_layer_with_both_images():
    # Docker uses a layer again if the arguments before the command are the same, too.
    firsts = []
    for image, stage in (("mlflow-server", "python"), ("minio", "setup")):
        text = (ROOT / image / "Dockerfile").read_text()
        [lines] = re.findall(rf"^FROM debian:\S+ AS {stage}\n(.*?python3-venv)$", text, re.M | re.S)
        firsts.append([line for line in lines.splitlines() if not line.startswith("#")])
    assert firsts[0] == firsts[1]
