"""The lab without Docker: a virtual environment, and one MLflow server on SQLite and a local folder."""

import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import NoReturn

from host.errors import LabError
from host.ports import check_free
from host.settings import ROOT, port, random_secret, read_env_file
from host.venv import PYTHON, VENV, install

# The tests give it a folder of their own.
STATE = Path(os.environ.get("LAB_STATE") or ROOT / ".lab").resolve()
DATABASE, ARTIFACTS, LOG, PID, WEBHOOK_KEY = (
    STATE / "mlflow.db",
    STATE / "artifacts",
    STATE / "server.log",
    STATE / "server.pid",
    STATE / "webhook.key",
)


def environment() -> dict[str, str]:
    """Return the environment in which lessons run: without what other work has set for MLflow or a store."""
    page = f"http://localhost:{port('MLFLOW_PORT')}"
    inherited = {n: v for n, v in os.environ.items() if not n.startswith(("AWS_", "MLFLOW_"))}
    here = "localhost,127.0.0.1"
    return (
        inherited
        | read_env_file(ROOT / "trainer" / "client.env")
        | {
            "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "VIRTUAL_ENV": str(VENV),
            "NO_PROXY": here,
            "no_proxy": here,
            "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{port('MLFLOW_PORT')}",
            "LAB_MODE": "embedded",
            "LAB_ROOT": str(ROOT),
            "LAB_OUTPUT": str(STATE / "output"),
            "LAB_MLFLOW_PAGE": page,
            # Where the rows and the files are, for looking behind the curtain.
            "LAB_SQLITE_FILE": str(DATABASE),
            "LAB_ARTIFACTS_DIR": str(ARTIFACTS),
        }
    )


def server() -> tuple[int, str] | None:
    """Return the process of this lab's running server and its command line, or None."""
    try:
        pid = int(PID.read_text())
        if Path("/proc/self").exists():
            command = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
        else:
            ps = ["ps", "-ww", "-o", "args=", "-p", str(pid)]
            command = subprocess.run(ps, text=True, capture_output=True).stdout
    except (FileNotFoundError, ProcessLookupError, ValueError):
        return None
    # A number left over from before a reboot may be somebody else's by now.
    return (pid, command) if str(DATABASE) in command else None


def answers() -> bool:
    """Tell whether the server's API answers."""
    url = f"http://127.0.0.1:{port('MLFLOW_PORT')}/api/2.0/mlflow/experiments/search?max_results=1"
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=2) as answer:
            return answer.status == 200
    except (OSError, urllib.error.URLError):
        return False


def up(profile: str | None = None) -> None:
    """Install what is missing and start the server, detached; return when it answers. Raises LabError.

    With a profile its packages too.
    """
    running = server()
    if running and f"--port {port('MLFLOW_PORT')} " not in running[1]:
        print("MLFLOW_PORT has changed.")
        down()
        running = None
    if not running:
        check_free("MLFLOW_PORT")
    if install() and running:
        # It is of the packages that were there before.
        down()
        running = None
    if profile:
        # Only added: the server runs on with what it has.
        install(profile)
    (STATE / "output").mkdir(parents=True, exist_ok=True)
    started = None if running else start_server()
    waited = time.monotonic()
    while not answers():
        if started and started.poll() is not None:
            raise LabError(f"The server ended at once. Its last words:\n{last_words()}")
        if time.monotonic() - waited > 90:
            raise LabError(
                f"The server does not answer after 90 s. Its last words:\n{last_words()}"
            )
        time.sleep(0.2)


def last_words() -> str:
    """Return the end of the server's log."""
    return "\n".join(LOG.read_text(encoding="utf-8", errors="replace").splitlines()[-8:])


def webhook_key() -> str:
    """Return the key that the webhooks' secrets are encrypted with; made once, another could not read them."""
    if not WEBHOOK_KEY.exists():
        WEBHOOK_KEY.touch(mode=0o600)
        WEBHOOK_KEY.write_text(random_secret("="))
    return WEBHOOK_KEY.read_text()


def start_server() -> subprocess.Popen[bytes]:
    """Start the server in a session of its own, so that it outlives this command and its Ctrl-C."""
    uri = f"sqlite:///{DATABASE}"
    # As service mlflow in docker-compose.yml, which says why.
    env = environment() | {
        "MLFLOW_BACKEND_STORE_URI": uri,
        "MLFLOW_SERVER_ALLOWED_HOSTS": "localhost:*,127.0.0.1:*",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "http,https",
        "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true",
        "MLFLOW_WEBHOOK_CACHE_TTL": "0",
        "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY": webhook_key(),
    }
    schema = subprocess.run([PYTHON, "-m", "lab.schema"], env=env, text=True, capture_output=True)
    if schema.returncode != 0:
        raise LabError(schema.stderr.strip())
    command = [
        PYTHON, "-m", "mlflow", "server", "--backend-store-uri", uri, "--artifacts-destination", ARTIFACTS,
        "--host", "127.0.0.1", "--port", str(port("MLFLOW_PORT")), "--workers", "1",
    ]  # fmt: skip
    with LOG.open("w") as log:
        process = subprocess.Popen(
            command,
            env=env,
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
    if running := server():
        os.killpg(running[0], signal.SIGTERM)
        for _ in range(100):
            if server() is None:
                break
            time.sleep(0.1)
        else:
            os.killpg(running[0], signal.SIGKILL)
        print("Stopped the MLflow server.")
    PID.unlink(missing_ok=True)


def delete_data() -> None:
    """Stop the server and delete what it kept."""
    down()
    if STATE.exists():
        shutil.rmtree(STATE)


def upgrade_database() -> bool:
    """Bring the database of an older MLflow to this one's schema; return whether that worked."""
    install()
    down()
    upgrade = [PYTHON, "-m", "mlflow", "db", "upgrade", f"sqlite:///{DATABASE}"]
    return subprocess.run(upgrade, env=environment()).returncode == 0


def execute(*words: str, profile: str | None = None) -> int:
    """Run a command in the lab's environment, the same for every profile, and return its exit status."""
    path = shutil.which(words[0], path=environment()["PATH"]) or words[0]
    return subprocess.run([path, *words[1:]], cwd=ROOT, env=environment()).returncode


def shell() -> NoReturn:
    """Become a shell with the lab's environment."""
    if not answers():
        raise LabError("The lab is not running. Start it: make up")
    os.chdir(ROOT)
    os.execvpe("bash", ["bash", "--rcfile", str(ROOT / "trainer" / "bashrc"), "-i"], environment())
