"""The lab on Docker Compose."""

import subprocess
import sys
import tempfile

from host import compose, network, processes
from host.errors import LabError
from host.mode import Mode
from host.ports import PORTS, check_free
from host.settings import ROOT, check_passwords, ensure_env_file, port, settings
from host.stack_data import StackData

# The stages of trainer/Dockerfile in which JupyterLab can be installed.
EXTRAS = ("slim", "flavors", "spark")


class Stack(Mode):
    """The mode with Postgres and an object store, in which each service has a container."""

    name = "stack"
    has_engine = True

    def __init__(self) -> None:
        """Create the mode without starting anything."""
        self.data = StackData()

    @property
    def lab_name(self) -> str:
        """The Compose project's name."""
        return compose.project_name()

    @property
    def data_location(self) -> str:
        """The volumes of the Compose project."""
        volumes = f"the volumes of {compose.project_name()}"
        own = settings()
        if own["LAB_S3_ENDPOINT"]:
            return (
                f"{volumes}, but not the bucket {own['LAB_S3_BUCKET']} at {own['LAB_S3_ENDPOINT']}"
            )
        return volumes

    def up(self, profile: str | None = None) -> None:
        """Build the images that have changed and start the services."""
        prepare(profile)
        project = compose.project_name()
        if not compose.image_exists(f"{project}-mlflow"):
            minio = ": three of them to compile MinIO from its source"
            detail = "" if settings()["LAB_S3_ENDPOINT"] else minio
            print(
                f"Building the images. This takes about six minutes the first time{detail}. Later starts take seconds.",
                flush=True,
            )
        elif profile and not compose.image_exists(f"{project}-{profile}"):
            print(
                f"Building the images of profile {profile}. The first time, this takes minutes and some gigabytes.",
                flush=True,
            )
        compose.pull_base_images()
        options = ["--profile", profile] if profile else []
        # Build and start are two commands, so that each failure gets its own message.
        if compose.run(*options, "build").returncode != 0:
            raise LabError(
                "An image could not be built. The lines above say why. Fix the cause, then type: make up"
            )
        start = ["up", "--detach", "--wait", "--wait-timeout", "300", "--remove-orphans"]
        if compose.run(*options, *start).returncode != 0:
            raise LabError(compose.failure_report(profile))

    def down(self) -> None:
        """Stop the services of every profile and keep the volumes."""
        # Compose reads the whole file, so it needs the passwords even to stop.
        ensure_env_file()
        if compose.run("--profile", "*", "down", "--remove-orphans").returncode != 0:
            raise LabError("The stack could not be stopped. The lines above say why.")

    def stop_server(self) -> None:
        """Stop the server's container."""
        compose.stream("stop", "mlflow")

    def notebook(self) -> None:
        """Start the services of the profile notebook."""
        extras = settings()["NOTEBOOK_EXTRAS"]
        if extras not in EXTRAS:
            raise LabError(
                f"NOTEBOOK_EXTRAS is {extras!r}. Set it to {', '.join(EXTRAS[:-1])} or {EXTRAS[-1]} in .env."
            )
        self.up("notebook")

    def execute(self, *words: str, profile: str | None = None) -> int:
        """Run a command in the trainer, or in the trainer of a profile."""
        terminal = [] if sys.stdin.isatty() and sys.stdout.isatty() else ["--no-TTY"]
        # The trainer of a profile has the name of the profile.
        return compose.run("exec", *terminal, profile or "trainer", *words).returncode

    def shell(self, profile: str | None = None) -> int:
        """Run bash in the trainer, or in the trainer of a profile."""
        running = [c["Service"] for c in compose.containers() if c["State"] == "running"]
        if "trainer" not in running:
            raise LabError("The lab is not running. Start it: make up")
        # The trainer of a profile has the name of the profile.
        service = profile or "trainer"
        if service not in running:
            raise LabError(
                f"The container {service} is not running. Run its lesson first, as in make lesson-06, or only "
                f"start it: docker compose --profile {service} up --build --wait"
            )
        command = ["docker", "compose", "exec", service, "bash"]
        return processes.wait(subprocess.Popen(command, cwd=ROOT, env=compose.environment()))

    def delete_data(self) -> None:
        """Stop the services and delete the volumes."""
        ensure_env_file()
        down = ["down", "--remove-orphans", "--volumes"]
        if compose.run("--profile", "*", *down).returncode != 0:
            raise LabError("The data could not be deleted. The lines above say why.")
        if endpoint := settings()["LAB_S3_ENDPOINT"]:
            # The lab's own MinIO may have run before. Without it, its volume is not part of the project.
            volume = f"{compose.project_name()}_minio"
            subprocess.run(["docker", "volume", "rm", "--force", volume], capture_output=True)
            print(
                f"The files of the models are still in the bucket {settings()['LAB_S3_BUCKET']} at {endpoint}. "
                "This command deletes nothing in a store that is not the lab's own."
            )

    def collect_garbage(self, command: str, typed: str = "") -> str:
        """Run the program in the server's container."""
        address = ["--env", "MLFLOW_TRACKING_URI=http://mlflow:5000"]
        program = ["python", "/opt/garbage.py", command]
        with tempfile.TemporaryFile() as stdin:
            stdin.write(typed.encode())
            stdin.seek(0)
            printed = compose.stream("exec", "--no-TTY", *address, "mlflow", *program, stdin=stdin)
        return printed.decode()

    def reset_packages(self) -> None:
        """Empty the volume with the learner's packages. The lab's own are in the image."""
        ensure_env_file()
        empty = ["find", "/home/learner/packages", "-mindepth", "1", "-delete"]
        if compose.run("run", "--rm", "--no-TTY", "--no-deps", "trainer", *empty).returncode != 0:
            raise LabError("The packages could not be removed. The lines above say why.")

    def upgrade_database(self) -> bool:
        """Run MLflow's migrations in a new container."""
        compose.run("stop", "mlflow")
        command = 'mlflow db upgrade "$MLFLOW_BACKEND_STORE_URI"'
        return compose.run("run", "--rm", "mlflow", "sh", "-c", command).returncode == 0


def prepare(profile: str | None = None) -> None:
    """Write .env if there is none, and check its secrets, its ports and the settings for a network. Raises LabError."""
    ensure_env_file()
    check_passwords()
    network.check()
    check_ports(profile)


def check_ports(profile: str | None) -> None:
    """Raise LabError if another program uses a port that this lab, with this profile, needs."""
    ports = [
        entry
        for entry in PORTS
        if entry.profile in (None, profile)
        and not (entry.service == "minio" and settings()["LAB_S3_ENDPOINT"])
    ]
    published: set[int] = set()
    restarting: set[str] = set()
    for container in compose.containers():
        published |= {publisher["PublishedPort"] for publisher in container.get("Publishers") or []}
        if container["State"] == "restarting":
            # At this moment it may have its port or not.
            restarting.add(container["Service"])
    numbers = [port(entry.setting) for entry in ports]
    if len(set(numbers)) < len(numbers):
        names = ", ".join(entry.setting for entry in ports)
        raise LabError(f"{names} in .env must be different numbers. They are {numbers}.")
    for entry in ports:
        if port(entry.setting) not in published and entry.service not in restarting:
            check_free(entry.setting)
