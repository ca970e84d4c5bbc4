"""The virtual environment of the embedded mode and of the tests, and its packages."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys

from host import network
from host.errors import LabError
from host.settings import ROOT

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"


def run(*words: object, failure: str) -> None:
    """Run a command. If it fails, raises LabError with the message `failure` and the end of its output."""
    process = subprocess.run(
        [str(word) for word in words],
        cwd=ROOT,
        env=os.environ | network.environment(),
        text=True,
        capture_output=True,
    )
    if process.returncode != 0:
        raise LabError(f"{failure}\n{(process.stdout + process.stderr).strip()[-1500:]}")


def install(requirements: str = "trainer") -> bool:
    """Install the packages of requirements/NAME.txt and the lab command into .venv.

    Return whether anything was missing. Raises LabError if the packages cannot be installed.
    """
    lock = ROOT / "requirements" / f"{requirements}.txt"
    lab_command = (ROOT / "trainer" / "pyproject.toml").read_bytes()
    digest = hashlib.sha256(lock.read_bytes() + lab_command).hexdigest()
    marker = VENV / f"installed-{requirements}"
    if is_ours() and marker.exists() and marker.read_text() == digest:
        return False
    check_processor()
    python = sys.version.split()[0]
    print(
        f"Installing the packages into .venv, for Python {python}. This takes about a minute, once.",
        flush=True,
    )
    # The marker is written after the last step, so an interrupted installation starts again.
    marker.unlink(missing_ok=True)
    if not is_ours():
        make()
    unreachable = (
        "The packages could not be installed. Check that the package index is reachable, then try again. "
        "docs/company-network.md explains what a company's network needs. docs/machines.md lists the machines for "
        "which all packages exist."
    )
    uv = VENV / "bin" / "uv"
    if not uv.exists():
        step("the installer")
        pip = [PYTHON, "-m", "pip", "install", "--quiet", "--require-hashes"]
        run(*pip, "-r", "requirements/uv.txt", failure=unreachable)
    step(f"the packages of requirements/{lock.name}")
    uv_pip = [uv, "pip", "install", "--quiet", "--python", PYTHON]
    # Without --compile-bytecode, which takes longer than the installation. Most modules are never imported.
    run(*uv_pip, "--require-hashes", "-r", lock, failure=unreachable)
    step("the lab command")
    failed = "The lab's own package could not be installed."
    run(*uv_pip, "--no-deps", "--editable", "trainer", failure=failed)
    marker.write_text(digest)
    return True


def renew() -> None:
    """Install .venv anew, without the packages that a user has added. Raises LabError, and keeps the previous .venv."""
    previous = VENV.with_name(".venv.previous")
    shutil.rmtree(previous, ignore_errors=True)
    if VENV.exists():
        VENV.rename(previous)
    try:
        install()
    except BaseException:
        shutil.rmtree(VENV, ignore_errors=True)
        if previous.exists():
            previous.rename(VENV)
        raise
    shutil.rmtree(previous, ignore_errors=True)


def check_processor() -> None:
    """Raise LabError on a Mac if this Python is for Intel processors, for which some packages do not exist."""
    if sys.platform == "darwin" and platform.machine() == "x86_64":
        raise LabError(
            "This Python is for Intel Macs, and packages such as cryptography no longer have wheels for them. Use the "
            "lab with Docker instead; on a Mac with an Apple processor, use a Python for arm64."
        )


def install_browser() -> None:
    """Install a browser for the tests, unless chromium is on the PATH. Raises LabError."""
    if shutil.which("chromium"):
        return
    print("There is no chromium on the PATH. Playwright downloads a browser, once.", flush=True)
    failure = "Playwright could not download its browser. Install one: apt install chromium"
    run(PYTHON, "-m", "playwright", "install", "chromium-headless-shell", failure=failure)


def identity() -> str:
    """Return what a virtual environment depends on: this Python and the path of this checkout."""
    return f"{sys.version}\n{ROOT}\n"


def is_ours() -> bool:
    """Tell whether this Python created .venv in this checkout, completely."""
    marker = VENV / "made-by"
    return marker.exists() and marker.read_text() == identity()


def make() -> None:
    """Create an empty .venv. Remove an earlier one first."""
    step("a virtual environment")
    shutil.rmtree(VENV, ignore_errors=True)
    # sys.executable may be the Python in .venv, which has just been removed.
    python = getattr(sys, "_base_executable", sys.executable)
    command = [python, "-m", "venv", VENV]
    failure = "Python could not create a virtual environment."
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        failure += " Its module ensurepip is missing. On Debian or Ubuntu: apt install python3-venv"
    run(*command, failure=failure)
    (VENV / "made-by").write_text(identity())


def step(subject: str) -> None:
    """Print what is installed next, because some steps take a while."""
    print(f"  {subject} …", flush=True)
