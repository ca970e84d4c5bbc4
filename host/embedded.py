"""The lab without Docker: a virtual environment, and one MLflow server on SQLite and a local folder."""

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import NoReturn

from host.errors import LabError
from host.settings import ROOT, port, read_env_file

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
# The tests give it a folder of their own.
STATE = Path(os.environ.get("LAB_STATE") or ROOT / ".lab").resolve()
DATABASE, ARTIFACTS, LOG, PID = (
    STATE / "mlflow.db",
    STATE / "artifacts",
    STATE / "server.log",
    STATE / "server.pid",
)


def run(*words: object, why: str) -> None:
    """Run a command; LabError with its last words and `why` if it fails."""
    done = subprocess.run([str(word) for word in words], cwd=ROOT, text=True, capture_output=True)
    if done.returncode != 0:
        raise LabError(f"{why}\n{(done.stdout + done.stderr).strip()[-1500:]}")


def install(requirements: str = "trainer") -> None:
    """Make .venv with the packages of requirements/NAME.txt and the lab command, unless it is there already."""
    lock = ROOT / "requirements" / f"{requirements}.txt"
    ours = (ROOT / "trainer" / "pyproject.toml").read_bytes()
    wanted = hashlib.sha256(
        lock.read_bytes() + ours + sys.version.encode() + str(ROOT).encode()
    ).hexdigest()
    marker = VENV / f"installed-{requirements}"
    if marker.exists() and marker.read_text() == wanted:
        return
    print(
        f"Installing the packages into .venv (about a minute, once) with Python {sys.version.split()[0]} …",
        flush=True,
    )
    marker.unlink(missing_ok=True)
    if not (VENV / "bin" / "pip").exists():
        shutil.rmtree(VENV, ignore_errors=True)
        run(
            sys.executable, "-m", "venv", VENV,
            why="Python could not make a virtual environment. On Debian and Ubuntu: apt install python3-venv",
        )  # fmt: skip
    network = (
        "The packages could not be installed. Is the package index reachable from here? Then again."
    )
    uv = VENV / "bin" / "uv"
    if not uv.exists():
        run(
            PYTHON,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--require-hashes",
            "-r",
            "requirements/uv.txt",
            why=network,
        )
    pip = [uv, "pip", "install", "--quiet", "--python", PYTHON]
    run(*pip, "--require-hashes", "--compile-bytecode", "-r", lock, why=network)
    run(
        *pip,
        "--no-deps",
        "--editable",
        "trainer",
        why="The lab's own package could not be installed.",
    )
    marker.write_text(wanted)


def environment() -> dict[str, str]:
    """Return the environment in which lessons run."""
    address = f"http://127.0.0.1:{port('MLFLOW_PORT')}"
    return (
        os.environ
        | read_env_file(ROOT / "trainer" / "client.env")
        | {
            "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "VIRTUAL_ENV": str(VENV),
            "MLFLOW_TRACKING_URI": address,
            "LAB_MODE": "embedded",
            "LAB_ROOT": str(ROOT),
            "LAB_OUTPUT": str(STATE / "output"),
            "LAB_MLFLOW_PAGE": f"http://localhost:{port('MLFLOW_PORT')}",
            # Where the rows and the files are, for looking behind the curtain.
            "LAB_SQLITE_FILE": str(DATABASE),
            "LAB_ARTIFACTS_DIR": str(ARTIFACTS),
        }
    )


def server_pid() -> int | None:
    """Return the process of this lab's running server, or None."""
    try:
        pid = int(PID.read_text())
        if Path("/proc/self").exists():
            command = Path(f"/proc/{pid}/cmdline").read_text()
        else:
            ps = ["ps", "-o", "args=", "-p", str(pid)]
            command = subprocess.run(ps, text=True, capture_output=True).stdout
    except (FileNotFoundError, ProcessLookupError, ValueError):
        return None
    # A number left over from before a reboot may be somebody else's by now.
    return pid if str(DATABASE) in command else None


def answers() -> bool:
    """Tell whether the server's API answers."""
    url = f"http://127.0.0.1:{port('MLFLOW_PORT')}/api/2.0/mlflow/experiments/search?max_results=1"
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except (OSError, urllib.error.URLError):
        return False


def up() -> None:
    """Install what is missing and start the server, detached; return when it answers. Raises LabError."""
    running = server_pid() is not None
    if not running:
        check_port()
    install()
    (STATE / "output").mkdir(parents=True, exist_ok=True)
    server = None if running else start_server()
    waited = time.monotonic()
    while not answers():
        if server and server.poll() is not None:
            raise LabError(f"The server ended at once. Its last words:\n{last_words()}")
        if time.monotonic() - waited > 90:
            raise LabError(
                f"The server does not answer after 90 s. Its last words:\n{last_words()}"
            )
        time.sleep(0.2)


def last_words() -> str:
    """Return the end of the server's log."""
    return "\n".join(LOG.read_text(encoding="utf-8", errors="replace").splitlines()[-8:])


def check_port() -> None:
    """Raise LabError if something else has the server's port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port("MLFLOW_PORT")))
        except OSError as error:
            raise LabError(
                f"Port {port('MLFLOW_PORT')} cannot be had ({error.strerror}). "
                "Stop what uses it, or give another number to MLFLOW_PORT in .env."
            ) from None


def start_server() -> subprocess.Popen[bytes]:
    """Start the server in a session of its own, so that it outlives this command and its Ctrl-C."""
    uri = f"sqlite:///{DATABASE}"
    # As service mlflow in docker-compose.yml, which says why.
    server = environment() | {
        "MLFLOW_BACKEND_STORE_URI": uri,
        "MLFLOW_SERVER_ALLOWED_HOSTS": "localhost:*,127.0.0.1:*",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    run_check = subprocess.run(
        [PYTHON, "-m", "lab.schema"],
        env=server,
        text=True,
        capture_output=True,
    )
    if run_check.returncode != 0:
        raise LabError(run_check.stderr.strip())
    command = [
        VENV / "bin" / "mlflow", "server", "--backend-store-uri", uri, "--artifacts-destination", ARTIFACTS,
        "--host", "127.0.0.1", "--port", str(port("MLFLOW_PORT")), "--workers", "1",
    ]  # fmt: skip
    with LOG.open("w") as log:
        process = subprocess.Popen(
            command,
            env=server,
            cwd=STATE,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    PID.write_text(str(process.pid))
    return process


def down() -> None:
    """Stop the server, its workers too; the data stay."""
    pid = server_pid()
    if pid is not None:
        os.killpg(pid, signal.SIGTERM)
        for _ in range(100):
            if server_pid() is None:
                break
            time.sleep(0.1)
        else:
            os.killpg(pid, signal.SIGKILL)
        print("Stopped the MLflow server.")
    PID.unlink(missing_ok=True)


def delete_data() -> None:
    """Stop the server and delete what it kept."""
    down()
    shutil.rmtree(STATE, ignore_errors=True)


def upgrade_database() -> None:
    """Bring the database of an older MLflow to this one's schema."""
    install()
    done = subprocess.run(
        [VENV / "bin" / "mlflow", "db", "upgrade", f"sqlite:///{DATABASE}"], env=environment()
    )
    if done.returncode != 0:
        raise LabError("The database was not upgraded; the lines above say why.")


def execute(*words: str) -> int:
    """Run a command in the lab's environment and return its exit status."""
    path = shutil.which(words[0], path=environment()["PATH"]) or words[0]
    return subprocess.run([path, *words[1:]], cwd=ROOT, env=environment()).returncode


def shell() -> NoReturn:
    """Become a shell with the lab's environment."""
    if not answers():
        raise LabError("The lab is not running. Start it: make up")
    os.chdir(ROOT)
    os.execvpe("bash", ["bash", "--rcfile", str(ROOT / "trainer" / "bashrc"), "-i"], environment())
