"""The lab without Docker: a virtual environment, and one MLflow server on SQLite and a local folder."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

from host import background
from host.background import Background
from host.errors import LabError
from host.ports import check_free
from host.settings import (
    ROOT,
    check_password,
    ensure_env_file,
    port,
    random_secret,
    read_env_file,
    settings,
)
from host.venv import PYTHON, VENV, install

# The tests give it a folder of their own.
STATE = Path(os.environ.get("LAB_STATE") or ROOT / ".lab").resolve()
DATABASE, ARTIFACTS, JUPYTER, WEBHOOK_KEY = (
    STATE / "mlflow.db",
    STATE / "artifacts",
    STATE / "jupyter",
    STATE / "webhook.key",
)
SERVER = Background("server", STATE, mark=str(DATABASE))
NOTEBOOK = Background("notebook", STATE, mark=str(JUPYTER))


def environment() -> dict[str, str]:
    """Return the environment in which lessons run: without what other work has set for MLflow or a store."""
    page = f"http://localhost:{port('MLFLOW_PORT')}"
    inherited = {
        n: v for n, v in os.environ.items() if not n.startswith(("AWS_", "MLFLOW_", "JUPYTER"))
    }
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


def answers() -> bool:
    """Tell whether the server's API answers."""
    return background.answers(api())


def api() -> str:
    """Return an address that answers once the server's API does."""
    return f"http://127.0.0.1:{port('MLFLOW_PORT')}/api/2.0/mlflow/experiments/search?max_results=1"


def up(profile: str | None = None) -> None:
    """Install what is missing and start the server, detached; return when it answers. Raises LabError.

    With a profile its packages too.
    """
    before = SERVER.running()
    running = runs_at(SERVER, "MLFLOW_PORT")
    if before and not running:
        # It has the address of before.
        stop_notebook()
    if install() and running:
        # It is of the packages that were there before.
        stop_server()
        running = False
    if profile:
        # Only added: the server runs on with what it has.
        install(profile)
    (STATE / "output").mkdir(parents=True, exist_ok=True)
    SERVER.wait_for(api(), None if running else start_server())


def runs_at(server: Background, setting: str) -> bool:
    """Tell whether a server runs at the port that a setting gives; if not, it can be started there.

    One at another port is stopped. Raises LabError if something else has the port.
    """
    running = server.running()
    if running and f"--port {port(setting)} " in running[1]:
        return True
    check_free(setting)
    if server.stop():
        print(f"{setting} has changed: stopped the {server.name}.")
    return False


def webhook_key() -> str:
    """Return the key that the webhooks' secrets are encrypted with; made once, another could not read them."""
    if not WEBHOOK_KEY.exists():
        WEBHOOK_KEY.touch(mode=0o600)
        WEBHOOK_KEY.write_text(random_secret("="))
    return WEBHOOK_KEY.read_text()


def start_server() -> subprocess.Popen[bytes]:
    """Start the server in a session of its own, so that it outlives this command and its Ctrl-C."""
    uri = f"sqlite:///{DATABASE}"
    # What differs from service mlflow in docker-compose.yml, which says why.
    env = (
        environment()
        | read_env_file(ROOT / "mlflow-server" / "server.env")
        | {
            "MLFLOW_BACKEND_STORE_URI": uri,
            "MLFLOW_SERVER_ALLOWED_HOSTS": "localhost:*,127.0.0.1:*",
            "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY": webhook_key(),
        }
    )
    schema = subprocess.run(
        [PYTHON, "-m", "lab.database_schema"], env=env, text=True, capture_output=True
    )
    if schema.returncode != 0:
        raise LabError(schema.stderr.strip())
    command = [
        PYTHON, "-m", "mlflow", "server", "--backend-store-uri", uri, "--artifacts-destination", ARTIFACTS,
        "--host", "127.0.0.1", "--port", str(port("MLFLOW_PORT")), "--workers", "1",
    ]  # fmt: skip
    return SERVER.start(command, env, STATE)


def notebook() -> None:
    """Start JupyterLab beside the server, detached; return when it answers. Raises LabError."""
    ensure_env_file()
    check_password("JUPYTER_TOKEN")
    runs_at(NOTEBOOK, "JUPYTER_PORT")
    up("notebook")
    started = None if NOTEBOOK.running() else start_notebook()
    NOTEBOOK.wait_for(f"http://127.0.0.1:{port('JUPYTER_PORT')}/api", started)


def start_notebook() -> subprocess.Popen[bytes]:
    """Start JupyterLab on the checkout, with nothing of the user's own settings for Jupyter."""
    JUPYTER.mkdir(exist_ok=True)
    env = environment() | {
        "JUPYTER_CONFIG_PATH": str(ROOT / "trainer" / "jupyter"),
        "JUPYTER_CONFIG_DIR": str(JUPYTER),
        "JUPYTER_DATA_DIR": str(JUPYTER / "data"),
        "JUPYTER_RUNTIME_DIR": str(JUPYTER / "runtime"),
        "IPYTHONDIR": str(JUPYTER / "ipython"),
        "JUPYTER_TOKEN": settings()["JUPYTER_TOKEN"],
    }
    command = [
        PYTHON, "-m", "jupyterlab", "--ip", "127.0.0.1", "--port", str(port("JUPYTER_PORT")),
        f"--LabApp.workspaces_dir={JUPYTER / 'workspaces'}",
    ]  # fmt: skip
    return NOTEBOOK.start(command, env, ROOT)


def down() -> None:
    """Stop what runs; the data stay."""
    stop_notebook()
    stop_server()


def stop_notebook() -> None:
    """Stop JupyterLab, its kernels too."""
    if NOTEBOOK.stop():
        print("Stopped JupyterLab.")


def stop_server() -> None:
    """Stop the MLflow server, its workers too."""
    if SERVER.stop():
        print("Stopped the MLflow server.")


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
