"""The pinned requirements are complete, and name no index."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
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


def test_both_images_begin_with_the_same_lines_and_so_share_their_python():
    shared = []
    for image in ("mlflow-server", "trainer"):
        lines = (ROOT / image / "Dockerfile").read_text().splitlines()
        end = next(n for n, line in enumerate(lines) if line.startswith("COPY --from=packages"))
        shared.append([line for line in lines[: end + 1] if not line.startswith("#")])
    assert shared[0] == shared[1]
