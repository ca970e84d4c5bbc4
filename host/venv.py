"""The virtual environment of the embedded mode and of the tests, with its packages."""

import hashlib
import shutil
import subprocess
import sys

from host.errors import LabError
from host.settings import ROOT

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"


def run(*words: object, why: str) -> None:
    """Run a command; LabError with its last words and `why` if it fails."""
    done = subprocess.run([str(word) for word in words], cwd=ROOT, text=True, capture_output=True)
    if done.returncode != 0:
        raise LabError(f"{why}\n{(done.stdout + done.stderr).strip()[-1500:]}")


def install(requirements: str = "trainer") -> bool:
    """Make .venv with the packages of requirements/NAME.txt and the lab command.

    Return whether anything had to be done. Raises LabError if it cannot be.
    """
    lock = ROOT / "requirements" / f"{requirements}.txt"
    ours = (ROOT / "trainer" / "pyproject.toml").read_bytes()
    wanted = hashlib.sha256(lock.read_bytes() + ours).hexdigest()
    marker = VENV / f"installed-{requirements}"
    if is_ours() and marker.exists() and marker.read_text() == wanted:
        return False
    python = sys.version.split()[0]
    print(
        f"Installing the packages into .venv (about a minute, once), Python {python}:", flush=True
    )
    # Until the last step is done nothing says that it was.
    marker.unlink(missing_ok=True)
    if not is_ours():
        make()
    network = "The packages could not be installed. Is the package index reachable? Then again."
    uv = VENV / "bin" / "uv"
    if not uv.exists():
        step("the installer")
        pip = [PYTHON, "-m", "pip", "install", "--quiet", "--require-hashes"]
        run(*pip, "-r", "requirements/uv.txt", why=network)
    step(f"the packages of requirements/{lock.name}")
    uv_pip = [uv, "pip", "install", "--quiet", "--python", PYTHON]
    run(*uv_pip, "--require-hashes", "--compile-bytecode", "-r", lock, why=network)
    step("the lab command")
    failed = "The lab's own package could not be installed."
    run(*uv_pip, "--no-deps", "--editable", "trainer", why=failed)
    marker.write_text(wanted)
    return True


def install_browser() -> None:
    """Have a browser for the tests: a chromium on the PATH, otherwise Playwright's own. Raises LabError."""
    if shutil.which("chromium"):
        return
    print("No chromium is on the PATH: the tests take Playwright's, fetched once.", flush=True)
    why = "Playwright's browser could not be fetched. Another one: apt install chromium"
    run(PYTHON, "-m", "playwright", "install", "chromium-headless-shell", why=why)


def identity() -> str:
    """Return what a virtual environment is bound to: this Python, and the place of this checkout."""
    return f"{sys.version}\n{ROOT}\n"


def is_ours() -> bool:
    """Tell whether .venv was made here, by this Python, and to the end."""
    marker = VENV / "made-by"
    return marker.exists() and marker.read_text() == identity()


def make() -> None:
    """Make an empty .venv, in place of what may be left of another."""
    step("a virtual environment")
    shutil.rmtree(VENV, ignore_errors=True)
    # If this very Python is .venv's, what has just gone: the one that it was made from.
    command = [sys._base_executable, "-m", "venv", VENV]
    why = "Python could not make a virtual environment."
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        why += " It came without a part of it; on Debian and Ubuntu: apt install python3-venv"
    run(*command, why=why)
    (VENV / "made-by").write_text(identity())


def step(what: str) -> None:
    """Say what comes next, since some of it takes a while."""
    print(f"  {what} …", flush=True)
