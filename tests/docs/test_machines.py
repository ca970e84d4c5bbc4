"""What docs/machines.md says about packages: for which machines and Pythons they all exist, and for which they do not.

Lesson 07's are left out: PySpark has no wheel for any machine, because it has no code that must be compiled.
"""

import os
import re
import subprocess

import pytest
import yaml

from host.venv import VENV
from tests.support.labs import COMPOSE_FILES, ROOT

PAGE = (ROOT / "docs" / "machines.md").read_text(encoding="utf-8")
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
# By machine: uv's name for it, and the oldest macOS that is enough.
LINUX, ARM = ("x86_64-manylinux_2_28", "-"), ("aarch64-manylinux_2_28", "-")
MAC, MAC_OF_LESSON_06 = ("aarch64-apple-darwin", "12.0"), ("aarch64-apple-darwin", "14.0")
INTEL_MAC = ("x86_64-apple-darwin", "26.0")


def missing_package(machine: tuple[str, str], python: str, requirements: str) -> str | None:
    """Return a package of requirements/NAME.txt that has no wheel for a machine, or None if every package has one."""
    name, macos = machine
    command = [
        VENV / "bin" / "uv", "pip", "install", "--dry-run", "--require-hashes", "--only-binary", ":all:",
        "--target", VENV / "nowhere", "--python-platform", name, "--python-version", python,
        "-r", f"requirements/{requirements}.txt",
    ]  # fmt: skip
    env = os.environ | {"MACOSX_DEPLOYMENT_TARGET": macos}
    ran = subprocess.run(command, cwd=ROOT, env=env, text=True, capture_output=True)
    if ran.returncode == 0:
        assert "Would install" in ran.stderr
        return None
    without_wheel = re.search(
        r"Because (\w[\w.-]*)(?:\{.*?\})?==\S+ has no (?:usable )?wheels", ran.stderr
    )
    assert without_wheel, ran.stderr
    return without_wheel[1]


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("machine", [LINUX, ARM, MAC], ids="-".join)
def test_the_packages_of_the_lessons_exist_without_docker(machine, python):
    assert missing_package(machine, python, "trainer") is None


@pytest.mark.parametrize("machine", [LINUX, ARM, MAC], ids="-".join)
def test_the_packages_of_jupyterlab_exist_without_docker(machine):
    assert missing_package(machine, PYTHONS[-1], "notebook") is None


@pytest.mark.parametrize("python", [PYTHONS[0], PYTHONS[-2]])
@pytest.mark.parametrize("machine", [LINUX, ARM, MAC_OF_LESSON_06], ids="-".join)
def test_the_packages_of_lesson_06_exist_without_docker(machine, python):
    assert missing_package(machine, python, "flavors") is None


@pytest.mark.parametrize("machine", [LINUX, ARM], ids="-".join)
@pytest.mark.parametrize(
    "requirements", ["server", "trainer", "notebook", "flavors", "minio-setup"]
)
def test_the_packages_of_the_images_exist_for_both_processors(machine, requirements):
    """Docker on an Intel Mac runs the images of the first, on an Apple processor those of the second."""
    python_of_the_images = "3.13"
    assert missing_package(machine, python_of_the_images, requirements) is None


@pytest.mark.parametrize(
    ("machine", "python", "requirements", "package"),
    [
        (INTEL_MAC, "3.13", "trainer", "cryptography"),
        (("x86_64-manylinux_2_17", "-"), "3.13", "trainer", "contourpy"),
        (("x86_64-unknown-linux-musl", "-"), "3.13", "trainer", "scikit-learn"),
        (("aarch64-apple-darwin", "11.0"), "3.13", "trainer", "pyarrow"),
        (("aarch64-apple-darwin", "13.0"), "3.13", "flavors", "torch"),
        (LINUX, "3.15", "trainer", "pyarrow"),
        (LINUX, "3.14", "flavors", "h5py"),
    ],
)
def test_the_limits_on_the_page_are_still_there(machine, python, requirements, package):
    """If one of these packages now exists, the page promises less than it could."""
    assert missing_package(machine, python, requirements) == package


def test_the_page_names_these_limits():
    for words in (
        f"you need Python {PYTHONS[0]} to {PYTHONS[-1]}",
        f"The examples of lesson 06 need Python {PYTHONS[-2]} or older",
        "you need glibc 2.28 or newer",
        "Alpine has another C library, for which scikit-learn has no wheel",
        "cryptography and other packages no longer have wheels for this processor",
        "you need macOS 12 or newer, and macOS 14 for the examples of lesson 06",
    ):
        assert words in PAGE


@pytest.mark.quick
def test_the_stack_uses_no_folder_outside_the_checkout():
    mounts = {
        mount.partition(":")[0]
        for file in COMPOSE_FILES
        for service in yaml.safe_load(file.read_text(encoding="utf-8"))["services"].values()
        for mount in service.get("volumes", ())
    }
    folders = {mount for mount in mounts if re.match(r"[./~$]", mount)}
    assert folders == {".", "./tutorial", "./examples", "./work", "/dev/null"}
