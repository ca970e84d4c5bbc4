"""The lab on Docker Compose."""

import subprocess
import sys

from host import compose, processes
from host.errors import LabError
from host.mode import Mode
from host.ports import PORTS, check_free
from host.settings import ROOT, check_passwords, ensure_env_file, port, settings
from host.stack_data import StackData

# The stages of trainer/Dockerfile that JupyterLab can be put on.
EXTRAS = ("slim", "flavors", "spark")


class Stack(Mode):
    """The mode with Postgres, MinIO and a container for each service."""

    name = "stack"
    has_engine = True

    def __init__(self) -> None:
        """Make the mode; nothing is started."""
        self.data = StackData()

    @property
    def lab_name(self) -> str:
        """The Compose project's name."""
        return compose.project_name()

    @property
    def data_location(self) -> str:
        """The project's volumes."""
        return f"the volumes of {compose.project_name()}"

    def up(self, profile: str | None = None) -> None:
        """Build what has changed and start the services."""
        prepare(profile)
        project = compose.project_name()
        if not compose.image_exists(f"{project}-minio"):
            print(
                "Building the images. The first time takes about six minutes, of which MinIO, "
                "compiled from its source, takes three; later starts take seconds.",
                flush=True,
            )
        elif profile and not compose.image_exists(f"{project}-{profile}"):
            print(
                f"Building the images of profile {profile}. The first time takes some minutes and gigabytes.",
                flush=True,
            )
        compose.pull_base_images()
        options = ["--profile", profile] if profile else []
        # Build and start are two steps, so that each failure gets its own message.
        if compose.run(*options, "build").returncode != 0:
            raise LabError(
                "An image could not be built; the lines above say why. Then again: make up"
            )
        start = ["up", "--detach", "--wait", "--wait-timeout", "300", "--remove-orphans"]
        if compose.run(*options, *start).returncode != 0:
            raise LabError(compose.failure_report(profile))

    def down(self) -> None:
        """Stop the services of every profile; the volumes stay."""
        # Compose reads the whole file, so it asks for passwords even to stop.
        ensure_env_file()
        if compose.run("--profile", "*", "down", "--remove-orphans").returncode != 0:
            raise LabError("The stack could not be stopped; the lines above say why.")

    def stop_server(self) -> None:
        """Stop the server's container."""
        compose.stream("stop", "mlflow")

    def notebook(self) -> None:
        """Start the services of profile notebook."""
        extras = settings()["NOTEBOOK_EXTRAS"]
        if extras not in EXTRAS:
            raise LabError(f"NOTEBOOK_EXTRAS is {extras!r}. Give it {' or '.join(EXTRAS)} in .env.")
        self.up("notebook")

    def execute(self, *words: str, profile: str | None = None) -> int:
        """Run a command in the trainer, or in the profile's trainer."""
        terminal = [] if sys.stdin.isatty() and sys.stdout.isatty() else ["--no-TTY"]
        # A profile's trainer has the profile's name.
        return compose.run("exec", *terminal, profile or "trainer", *words).returncode

    def shell(self) -> int:
        """Run bash in the trainer."""
        running = [c["Service"] for c in compose.containers() if c["State"] == "running"]
        if "trainer" not in running:
            raise LabError("The lab is not running. Start it: make up")
        command = ["docker", "compose", "exec", "trainer", "bash"]
        return processes.wait(subprocess.Popen(command, cwd=ROOT, env=compose.environment()))

    def delete_data(self) -> None:
        """Stop the services and delete the volumes."""
        ensure_env_file()
        down = ["down", "--remove-orphans", "--volumes"]
        if compose.run("--profile", "*", *down).returncode != 0:
            raise LabError("The data could not be deleted; the lines above say why.")

    def upgrade_database(self) -> bool:
        """Run MLflow's migrations in a container of their own."""
        compose.run("stop", "mlflow")
        command = 'mlflow db upgrade "$MLFLOW_BACKEND_STORE_URI"'
        return compose.run("run", "--rm", "mlflow", "sh", "-c", command).returncode == 0


def prepare(profile: str | None = None) -> None:
    """Write .env if there is none, and check its secrets and its ports. Raises LabError."""
    ensure_env_file()
    check_passwords()
    check_ports(profile)


def check_ports(profile: str | None) -> None:
    """Raise LabError if another program has one of the ports that this lab needs with the profile."""
    ports = [entry for entry in PORTS if entry.profile in (None, profile)]
    published: set[int] = set()
    restarting: set[str] = set()
    for container in compose.containers():
        published |= {publisher["PublishedPort"] for publisher in container.get("Publishers") or []}
        if container["State"] == "restarting":
            # It may have its port now, or not.
            restarting.add(container["Service"])
    numbers = [port(entry.setting) for entry in ports]
    if len(set(numbers)) < len(numbers):
        names = ", ".join(entry.setting for entry in ports)
        raise LabError(f"{names} in .env need a number each; they are {numbers}.")
    for entry in ports:
        if port(entry.setting) not in published and entry.service not in restarting:
            check_free(entry.setting)
