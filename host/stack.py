"""The lab on Docker Compose."""

import json
import os
import re
import subprocess
import sys
from typing import NoReturn

from host.errors import LabError
from host.ports import check_free
from host.settings import ROOT, check_passwords, ensure_env_file, port, settings

# The first engine that knows a health check's start_interval; the Compose that the lab is tried with.
OLDEST_ENGINE, OLDEST_COMPOSE = (25, 0), (2, 26)
# Which service has a port, by the profile that the service belongs to.
PORTS: dict[str | None, dict[str, str]] = {
    None: {"MLFLOW_PORT": "mlflow", "MINIO_PORT": "minio", "MINIO_CONSOLE_PORT": "minio"},
    "notebook": {"JUPYTER_PORT": "notebook"},
    "serving": {"SERVING_PORT": "serving"},
    "spark": {"SPARK_UI_PORT": "spark", "SPARK_MASTER_UI_PORT": "spark-master"},
}

# The stages of trainer/Dockerfile that JupyterLab can be put on.
EXTRAS = ("slim", "flavors", "spark")


def compose(*words: str, capture: bool = False) -> subprocess.CompletedProcess[str]:
    """Run `docker compose` in the checkout, showing its output unless it is captured."""
    command = ["docker", "compose", *words]
    return subprocess.run(command, cwd=ROOT, env=environment(), text=True, capture_output=capture)


def environment() -> dict[str, str]:
    """Return the environment for Compose, which takes an empty variable for a value: here it hides nothing of .env."""
    return os.environ | settings()


def numbers(version: str) -> tuple[int, ...]:
    """Return the first two numbers of a version, as (2, 26)."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def engine_problem() -> str | None:
    """Return why Docker cannot run the stack here, with the remedy, or None if it can."""
    try:
        engine = subprocess.run(
            ["docker", "version", "--format", "{{.Server.Version}}"],
            text=True,
            capture_output=True,
            timeout=20,
        )
    except FileNotFoundError:
        return "docker is not installed"
    except subprocess.TimeoutExpired:
        return "the Docker engine does not answer within 20 s; start it again"
    if engine.returncode != 0:
        said = (engine.stderr or engine.stdout).strip() or "it said nothing"
        if "permission denied" in said:
            return "your user may not talk to the Docker engine; join its group: sudo usermod -aG docker $USER"
        return f"no Docker engine answers; start it ({said.splitlines()[-1]})"
    if numbers(engine.stdout) < OLDEST_ENGINE:
        return f"the Docker engine is {engine.stdout.strip()}, older than {OLDEST_ENGINE[0]}; update it"
    plugin = compose("version", "--short", capture=True)
    if plugin.returncode != 0:
        return "Docker has no Compose plugin; install docker-compose-plugin"
    if numbers(plugin.stdout) < OLDEST_COMPOSE:
        return f"Docker Compose is {plugin.stdout.strip()}, older than 2.26; update it"
    return None


def containers() -> list[dict[str, object]]:
    """Return what Compose knows of the lab's containers, stopped ones included."""
    listing = compose("ps", "--all", "--format", "json", capture=True)
    return [json.loads(line) for line in listing.stdout.splitlines() if line.startswith("{")]


def check_ports(profile: str | None) -> None:
    """Raise LabError if something other than this lab has one of its ports, or one of the profile's."""
    ports = PORTS[None] | PORTS.get(profile, {})
    ours: set[int] = set()
    starting_over: set[str] = set()
    for container in containers():
        ours |= {publisher["PublishedPort"] for publisher in container.get("Publishers") or []}
        if container["State"] == "restarting":
            # Has its port or not, from one moment to the next.
            starting_over.add(container["Service"])
    numbers_given = [port(name) for name in ports]
    if len(set(numbers_given)) < len(ports):
        raise LabError(f"{', '.join(ports)} in .env need a number each; they are {numbers_given}.")
    for name, service in ports.items():
        if port(name) not in ours and service not in starting_over:
            check_free(name)


def prepare(profile: str | None = None) -> None:
    """Have .env there, its secrets good and its ports free. Raises LabError."""
    ensure_env_file()
    check_passwords()
    check_ports(profile)


def up(profile: str | None = None) -> None:
    """Build what has changed and start the stack; return when a learner can work. Raises LabError.

    With a profile its services too.
    """
    prepare(profile)
    if not image_exists(f"{name()}-minio"):
        print(
            "Building the images. The first time takes about six minutes, of which MinIO, "
            "compiled from its source, takes three; later starts take seconds.",
            flush=True,
        )
    elif profile and not image_exists(f"{name()}-{profile}"):
        print(
            f"Building the images of profile {profile}. The first time takes some minutes and gigabytes.",
            flush=True,
        )
    pull_base_images()
    chosen = ["--profile", profile] if profile else []
    # Built apart from the start, so that a failure of the one is not taken for one of the other.
    if compose(*chosen, "build").returncode != 0:
        raise LabError("An image could not be built; the lines above say why. Then again: make up")
    start = ["up", "--detach", "--wait", "--wait-timeout", "300", "--remove-orphans"]
    if compose(*chosen, *start).returncode != 0:
        raise LabError(what_failed(profile))


def image_exists(image: str) -> bool:
    """Tell whether the engine has an image."""
    return (
        subprocess.run(["docker", "image", "inspect", image], capture_output=True).returncode == 0
    )


def pull_base_images() -> None:
    """Fetch the images that ours start from, once: a build that finds them here asks no registry."""
    for dockerfile in sorted(ROOT.glob("*/Dockerfile")):
        text = dockerfile.read_text(encoding="utf-8")
        for image in re.findall(r"^FROM (\S+:\S+)", text, flags=re.MULTILINE):
            if not image_exists(image):
                # A failure is the build's to report, which tries again.
                subprocess.run(["docker", "pull", image])


def last_check(container: str) -> str:
    """Return what a container's health check printed last."""
    command = ["docker", "inspect", "--format", "{{json .State.Health.Log}}", container]
    checks = json.loads(subprocess.run(command, text=True, capture_output=True).stdout or "[]")
    return checks[-1]["Output"].strip() if checks else "nothing yet"


def what_failed(profile: str | None = None) -> str:
    """Return the last words of every service that did not come up, of those without a profile or in this one."""
    report = ["The stack did not start."]
    chosen = ["--profile", profile] if profile else []
    wanted = compose(*chosen, "config", "--services", capture=True).stdout.split()
    for container in containers():
        if container["Service"] not in wanted:
            # The scoring service is unhealthy whenever it has no model to answer by.
            continue
        done = container["State"] == "exited" and container["ExitCode"] == 0
        if done or container["State"] == "created" or container.get("Health") == "healthy":
            continue
        service = str(container["Service"])
        if container.get("Health") in ("unhealthy", "starting"):
            report.append(
                f"{service}'s health check said at last:\n{last_check(str(container['ID']))}"
            )
        log = compose(
            "logs", "--no-log-prefix", "--no-color", "--tail", "8", service, capture=True
        ).stdout
        report.append(f"{service} ({container['Status']}) said at last:\n{log.strip()}")
        if "password authentication failed" in log:
            report.append(
                "Postgres keeps the password its volume was made with: put that one back as POSTGRES_PASSWORD "
                "in .env, or start with empty data: make delete-data"
            )
    report.append("More: docker compose logs")
    return "\n".join(report)


def notebook() -> None:
    """Start JupyterLab beside the rest; return when it answers. Raises LabError."""
    extras = settings()["NOTEBOOK_EXTRAS"]
    if extras not in EXTRAS:
        raise LabError(f"NOTEBOOK_EXTRAS is {extras!r}. Give it {' or '.join(EXTRAS)} in .env.")
    up("notebook")


def down() -> None:
    """Stop the stack; its data stay in their volumes."""
    # Compose reads the whole file, and so asks for passwords even to stop.
    ensure_env_file()
    if compose("--profile", "*", "down", "--remove-orphans").returncode != 0:
        raise LabError("The stack could not be stopped; the lines above say why.")


def delete_data() -> None:
    """Stop the stack and delete its volumes."""
    ensure_env_file()
    if compose("--profile", "*", "down", "--remove-orphans", "--volumes").returncode != 0:
        raise LabError("The data could not be deleted; the lines above say why.")


def upgrade_database() -> bool:
    """Bring the database of an older MLflow to this one's schema; return whether that worked."""
    compose("stop", "mlflow")
    command = 'mlflow db upgrade "$MLFLOW_BACKEND_STORE_URI"'
    return compose("run", "--rm", "mlflow", "sh", "-c", command).returncode == 0


def execute(*words: str, profile: str | None = None) -> int:
    """Run a command in the trainer, or in the profile's, and return its exit status."""
    terminal = [] if sys.stdin.isatty() and sys.stdout.isatty() else ["--no-TTY"]
    # A profile's trainer has its name.
    return compose("exec", *terminal, profile or "trainer", *words).returncode


def shell() -> NoReturn:
    """Become a learner's shell in the trainer."""
    if not any(c["Service"] == "trainer" and c["State"] == "running" for c in containers()):
        raise LabError("The lab is not running. Start it: make up")
    os.chdir(ROOT)
    words = ["docker", "compose", "exec", "trainer", "bash"]
    os.execvpe("docker", words, environment())


def name() -> str:
    """Return the Compose project's name."""
    return settings()["COMPOSE_PROJECT_NAME"]
