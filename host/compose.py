"""The lab's Compose project: `docker compose` with the lab's settings, its containers and its images."""

import json
import os
import re
import subprocess
from typing import IO, Any

from host.errors import LabError
from host.settings import ROOT, settings

# The first engine that supports start_interval in health checks, and the oldest Compose that the lab was tried with.
OLDEST_ENGINE, OLDEST_COMPOSE = (25, 0), (2, 26)


def run(*words: str, capture: bool = False) -> subprocess.CompletedProcess[str]:
    """Run `docker compose` in the checkout. Show its output, or capture it. Raises LabError if there is no docker."""
    command = ["docker", "compose", *words]
    try:
        return subprocess.run(
            command, cwd=ROOT, env=environment(), encoding="utf-8", capture_output=capture
        )
    except FileNotFoundError:
        raise LabError("docker is not installed. Install Docker: see docs/machines.md") from None


def stream(
    *words: str, stdin: IO[bytes] | None = None, stdout: IO[bytes] | int = subprocess.PIPE
) -> bytes:
    """Run `docker compose` with files as input and output, and return what it prints.

    Raises LabError with the end of its error output if it fails.
    """
    process = subprocess.run(
        ["docker", "compose", "--progress", "quiet", *words],
        cwd=ROOT,
        env=environment(),
        stdin=stdin or subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
    )
    if process.returncode != 0:
        raise LabError(process.stderr.decode(errors="replace").strip()[-1500:])
    return process.stdout or b""


def environment() -> dict[str, str]:
    """Return the environment for Compose, in which no empty variable hides a value in .env."""
    return os.environ | settings()


def project_name() -> str:
    """Return the Compose project's name."""
    return settings()["COMPOSE_PROJECT_NAME"]


def version_numbers(version: str) -> tuple[int, ...]:
    """Return the first two numbers of a version, as (2, 26)."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def engine_problem() -> str | None:
    """Return why Docker cannot run the stack here and how to fix it, or None if it can."""
    try:
        engine = subprocess.Popen(
            ["docker", "version", "--format", "{{.Server.Version}}"],
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except FileNotFoundError:
        return "docker is not installed"
    try:
        output, errors = engine.communicate(timeout=2)
    except subprocess.TimeoutExpired:
        print("Waiting for the Docker engine to answer, for up to 20 s …", flush=True)
        try:
            output, errors = engine.communicate(timeout=18)
        except subprocess.TimeoutExpired:
            engine.kill()
            engine.communicate()
            return "the Docker engine does not answer within 20 s; restart it"
    if version_numbers(output) < OLDEST_ENGINE and is_podman():
        return "docker is Podman on this machine, and the stack needs Docker; see docs/machines.md"
    if engine.returncode != 0:
        error_message = (errors or output).strip() or "no error message"
        if "permission denied" in error_message:
            return "your user may not use the Docker engine; join its group: sudo usermod -aG docker $USER"
        return f"no Docker engine answers; start it ({error_message.splitlines()[-1]})"
    if version_numbers(output) < OLDEST_ENGINE:
        return f"the Docker engine is {output.strip()}, older than {OLDEST_ENGINE[0]}; update it"
    plugin = run("version", "--short", capture=True)
    if plugin.returncode != 0:
        return "Docker has no Compose plugin; install docker-compose-plugin"
    if version_numbers(plugin.stdout) < OLDEST_COMPOSE:
        return f"Docker Compose is {plugin.stdout.strip()}, older than 2.26; update it"
    return None


def is_podman() -> bool:
    """Tell whether the command docker, or the engine that answers it, is Podman."""
    version = subprocess.run(["docker", "version"], text=True, capture_output=True)
    return "podman" in (version.stdout + version.stderr).lower()


def containers() -> list[dict[str, Any]]:
    """Return Compose's list of the lab's containers, including stopped containers."""
    listing = run("ps", "--all", "--format", "json", capture=True)
    return [json.loads(line) for line in listing.stdout.splitlines() if line.startswith("{")]


def image_exists(image: str) -> bool:
    """Tell whether the engine has an image."""
    inspect = ["docker", "image", "inspect", image]
    return subprocess.run(inspect, capture_output=True).returncode == 0


def pull_base_images() -> None:
    """Pull the base images of our images if they are missing. Then a build does not ask a registry for them."""
    for dockerfile in sorted(ROOT.glob("*/Dockerfile")):
        text = dockerfile.read_text(encoding="utf-8")
        for image in re.findall(r"^FROM (\S+:\S+)", text, flags=re.MULTILINE):
            if not image_exists(image):
                # If this fails, the build tries again and reports it.
                subprocess.run(["docker", "pull", image])


def last_check(container: str) -> str:
    """Return what a container's last health check printed: of a traceback, only the error."""
    command = ["docker", "inspect", "--format", "{{json .State.Health.Log}}", container]
    checks = json.loads(subprocess.run(command, text=True, capture_output=True).stdout or "[]")
    if not checks:
        return "nothing yet"
    output = str(checks[-1]["Output"]).strip()
    return output.splitlines()[-1] if output.startswith("Traceback") else output


def failure_report(profile: str | None = None) -> str:
    """Return why the stack did not start: the last lines of every service that is not healthy.

    The report is about the services that always run and the services of the profile.
    """
    report = ["The stack did not start."]
    options = ["--profile", profile] if profile else []
    services = run(*options, "config", "--services", capture=True).stdout.split()
    for container in containers():
        service, health = container["Service"], container.get("Health")
        if service not in services:
            # The scoring service is unhealthy whenever it has no model to serve.
            continue
        completed = container["State"] == "exited" and container["ExitCode"] == 0
        if completed or container["State"] == "created" or health == "healthy":
            continue
        if health in ("unhealthy", "starting"):
            report.append(f"{service}'s last health check printed:\n{last_check(container['ID'])}")
        tail = ["logs", "--no-log-prefix", "--no-color", "--tail", "8", service]
        log = run(*tail, capture=True).stdout
        report.append(f"The log of {service} ({container['Status']}) ends with:\n{log.strip()}")
        if "password authentication failed" in log:
            report.append(
                "Postgres still has the password with which its volume was created. Set POSTGRES_PASSWORD in .env to "
                "that password, or start with empty data: make delete-data"
            )
    report.append("The complete logs: docker compose logs")
    return "\n".join(report)
