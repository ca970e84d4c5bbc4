"""The lab without Docker: a virtual environment, and one MLflow server on SQLite and a local folder."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from host import background, network, processes
from host.background import Background
from host.embedded_data import EmbeddedData
from host.errors import LabError
from host.mode import Mode
from host.ports import check_free, page
from host.settings import (
    ROOT,
    check_password,
    ensure_env_file,
    port,
    random_secret,
    read_env_file,
    settings,
)
from host.venv import PYTHON, VENV, install, renew

# The tests use a folder of their own.
STATE = Path(os.environ.get("LAB_STATE") or ROOT / ".lab").resolve()
DATABASE, ARTIFACTS, JUPYTER, WEBHOOK_KEY = (
    STATE / "mlflow.db",
    STATE / "artifacts",
    STATE / "jupyter",
    STATE / "webhook.key",
)
# Where a Python listens that has MLflow imported, for the checks of `lab`. The path of a socket must be short.
PYTHON_FOLDER = Path(
    tempfile.gettempdir(), f"lab-python-{hashlib.sha256(str(STATE).encode()).hexdigest()[:8]}"
)
SERVER = Background("server", STATE, mark=str(DATABASE))
NOTEBOOK = Background("notebook", STATE, mark=str(JUPYTER))


def environment() -> dict[str, str]:
    """Return the environment in which lessons run.

    It contains none of the variables that the user may have set for other work with MLflow, Jupyter or AWS.
    """
    inherited = {
        n: v for n, v in os.environ.items() if not n.startswith(("AWS_", "MLFLOW_", "JUPYTER"))
    }
    # The lab's own servers are never asked through a proxy.
    direct = ",".join(filter(None, ["localhost,127.0.0.1", network.without_proxy()]))
    return (
        inherited
        | network.environment()
        | read_env_file(ROOT / "trainer" / "client.env")
        | dict.fromkeys(("NO_PROXY", "no_proxy"), direct)
        | {
            # The last folder has a pyenv, for users who have not installed one.
            "PATH": os.pathsep.join(
                [str(VENV / "bin"), os.environ["PATH"], str(ROOT / "trainer" / "bin")]
            ),
            "VIRTUAL_ENV": str(VENV),
            # For trainer/bin/pyenv. Its usual folder stays free for a pyenv that the user installs later.
            "PYENV_ROOT": os.environ.get("PYENV_ROOT") or str(STATE / "pyenv"),
            "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{port('MLFLOW_PORT')}",
            "LAB_MODE": "embedded",
            "LAB_ROOT": str(ROOT),
            "LAB_OUTPUT": str(STATE / "output"),
            "LAB_PYTHON_FOLDER": str(PYTHON_FOLDER),
            "LAB_MLFLOW_PAGE": page("MLFLOW_PORT"),
            # Where the lab runs lesson 05's servers: its own service, and MLflow's at the next port.
            "LAB_SERVING": f"http://127.0.0.1:{port('SERVING_PORT')}",
            "LAB_MODELS_SERVE": f"http://127.0.0.1:{port('SERVING_PORT') + 1}",
            # Where the service of a drill listens.
            "LAB_DRILL_SERVICE": f"http://127.0.0.1:{port('SERVING_PORT') + 2}",
            # Where examples/05_serving/client.py looks for the service.
            "LAB_SERVING_URL": f"http://127.0.0.1:{port('SERVING_PORT')}",
            # The scripts that show MLflow's rows and files use these two.
            "LAB_SQLITE_FILE": str(DATABASE),
            "LAB_ARTIFACTS_DIR": str(ARTIFACTS),
            # Lesson 07: Spark's settings, the Python of its workers, and no warning about pandas 3, which the stage
            # spark in trainer/Dockerfile explains.
            "SPARK_CONF_DIR": str(ROOT / "trainer" / "spark"),
            "PYSPARK_PYTHON": str(PYTHON),
            "PYTHONWARNINGS": "ignore:PySpark does not yet fully support pandas:FutureWarning",
        }
    )


def api() -> str:
    """Return an address that answers once the server's API does."""
    return f"http://127.0.0.1:{port('MLFLOW_PORT')}/api/2.0/mlflow/experiments/search?max_results=1"


def runs_at(server: Background, setting: str) -> bool:
    """Tell whether the server runs at the port in the setting. If it does not, the port is free to start it there.

    A server that runs at another port is stopped. Raises LabError if another program uses the port.
    """
    running = server.running()
    if running and f"--port {port(setting)} " in running[1]:
        return True
    check_free(setting)
    if server.stop():
        print(f"Stopped the {server.name}, because {setting} has changed.")
    return False


def webhook_key() -> str:
    """Return the key that encrypts the webhooks' secrets. It stays the same: another key could not decrypt them."""
    if not WEBHOOK_KEY.exists():
        WEBHOOK_KEY.touch(mode=0o600)
        WEBHOOK_KEY.write_text(random_secret("="))
    return WEBHOOK_KEY.read_text()


def start_server() -> subprocess.Popen[bytes]:
    """Start the server in a session of its own, so that it outlives this command and its Ctrl-C."""
    uri = f"sqlite:///{DATABASE}"
    own = settings()
    # The service mlflow in docker-compose.yml has these settings too, with other values, and explains them.
    env = (
        environment()
        | read_env_file(ROOT / "mlflow-server" / "server.env")
        | {
            "MLFLOW_BACKEND_STORE_URI": uri,
            "MLFLOW_SERVER_ALLOWED_HOSTS": f"localhost:*,127.0.0.1:*,{own['MLFLOW_SERVER_ALLOWED_HOSTS']}".rstrip(
                ","
            ),
            "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS": own["MLFLOW_SERVER_CORS_ALLOWED_ORIGINS"],
            "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY": webhook_key(),
        }
    )
    command = [
        PYTHON, ROOT / "mlflow-server" / "serve.py", "--backend-store-uri", uri,
        "--artifacts-destination", ARTIFACTS, "--host", "127.0.0.1", "--port", str(port("MLFLOW_PORT")),
        # SQLite can have only one writer at a time.
        "--workers", "1",
    ]  # fmt: skip
    return SERVER.start(command, env, STATE)


def start_notebook() -> subprocess.Popen[bytes]:
    """Start JupyterLab on the checkout, without the user's own settings for Jupyter."""
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


def stop_notebook() -> None:
    """Stop JupyterLab and its kernels."""
    if NOTEBOOK.stop():
        print("Stopped JupyterLab.")


def stop_server() -> None:
    """Stop the MLflow server and its workers."""
    if SERVER.stop():
        print("Stopped the MLflow server.")


class Embedded(Mode):
    """The mode without Docker."""

    name = "embedded"
    has_engine = False
    lab_name = "embedded"

    def __init__(self) -> None:
        """Create the mode without starting anything."""
        self.data = EmbeddedData(DATABASE, ARTIFACTS)

    @property
    def data_location(self) -> str:
        """The folder with all data."""
        return f"the folder {STATE}"

    def up(self, profile: str | None = None) -> None:
        """Install missing packages, including the packages of a profile, and start the server in the background."""
        server_ran = SERVER.running() is not None
        running = runs_at(SERVER, "MLFLOW_PORT")
        if server_ran and not running:
            # JupyterLab has the server's previous address.
            stop_notebook()
        if install() and running:
            # The server still uses the previous packages.
            stop_server()
            running = False
        if profile:
            # This only adds packages, so the server can keep running.
            install(profile)
        (STATE / "output").mkdir(parents=True, exist_ok=True)
        SERVER.wait_for(api(), None if running else start_server())

    def down(self) -> None:
        """Stop JupyterLab, the server, the service of a drill, and the Python for the checks of `lab`."""
        stop_notebook()
        stop_server()
        # The service of a drill ends when it sees that this file is gone.
        for marker in (STATE / "output").glob("drill_*/services/running"):
            marker.unlink(missing_ok=True)
        # The Python ends when it sees that its socket is gone.
        shutil.rmtree(PYTHON_FOLDER, ignore_errors=True)

    def stop_server(self) -> None:
        """Stop the server, and JupyterLab, because its kernels may write too."""
        self.down()

    def notebook(self) -> None:
        """Start JupyterLab in the background."""
        ensure_env_file()
        check_password("JUPYTER_TOKEN")
        runs_at(NOTEBOOK, "JUPYTER_PORT")
        self.up("notebook")
        started = None if NOTEBOOK.running() else start_notebook()
        NOTEBOOK.wait_for(f"http://127.0.0.1:{port('JUPYTER_PORT')}/api", started)

    def execute(self, *words: str, profile: str | None = None) -> int:
        """Run a command in the lab's environment. It is the same for every profile."""
        return subprocess.run(words, cwd=ROOT, env=environment()).returncode

    def shell(self, profile: str | None = None) -> int:
        """Run bash in the lab's environment. It is the same for every profile."""
        if not background.answers(api()):
            raise LabError("The lab is not running. Start it: make up")
        command = ["bash", "--rcfile", str(ROOT / "trainer" / "bashrc"), "-i"]
        return processes.wait(subprocess.Popen(command, cwd=ROOT, env=environment()))

    def delete_data(self) -> None:
        """Stop the processes and delete the folder."""
        self.down()
        if STATE.exists():
            shutil.rmtree(STATE)

    def collect_garbage(self, command: str, typed: str = "") -> str:
        """Run the program with the server's variables."""
        env = environment() | {
            "MLFLOW_BACKEND_STORE_URI": f"sqlite:///{DATABASE}",
            "MLFLOW_ARTIFACTS_DESTINATION": str(ARTIFACTS),
        }
        program = [str(PYTHON), str(ROOT / "mlflow-server" / "garbage.py"), command]
        ran = subprocess.run(program, env=env, text=True, capture_output=True, input=typed)
        if ran.returncode != 0:
            raise LabError(ran.stderr.strip()[-1500:])
        return ran.stdout

    def reset_packages(self) -> None:
        """Install the environment anew, and start the server again if it ran, because it uses the environment."""
        server_ran = SERVER.running() is not None
        self.down()
        renew()
        if server_ran:
            self.up()

    def upgrade_database(self) -> bool:
        """Run MLflow's migrations on the SQLite file."""
        install()
        self.down()
        upgrade = [str(PYTHON), "-m", "mlflow", "db", "upgrade", f"sqlite:///{DATABASE}"]
        return subprocess.run(upgrade, env=environment()).returncode == 0
