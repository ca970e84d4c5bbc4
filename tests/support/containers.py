"""What a test asks of the stack's containers: what the engine says of them, and what they are from inside."""

import json
import subprocess

from host.settings import PASSWORDS, settings
from tests.support.labs import ROOT, Lab

# Every service that goes on running, and the Compose profile that it belongs to.
PROFILES = {
    "postgres": None,
    "minio": None,
    "mlflow": None,
    "trainer": None,
    "serving": "serving",
    "notebook": "notebook",
    "flavors": "flavors",
    "spark": "spark",
    "spark-master": "spark",
    "spark-worker": "spark",
}
ONE_SHOTS = {"postgres-setup": None, "store-setup": None, "serving-setup": "serving"}


def provide(lab: Lab, service: str) -> None:
    """Have a service's container there, whatever profile it belongs to."""
    if service == "serving":
        # Alone and not waited for: it is healthy only once there is a model to serve.
        ran = lab.compose("up", "--build", "--detach", "--no-deps", service)
        assert ran.returncode == 0, ran.stderr
    elif service == "serving-setup":
        # Not started: it would have the registry call a service that other tests do not expect.
        ran = lab.compose("create", "--build", service)
        assert ran.returncode == 0, ran.stderr
    elif profile := PROFILES.get(service):
        lab.start_profile(profile)


def docker(*words: str) -> str:
    """Run `docker`, which must succeed, and return what it prints."""
    ran = subprocess.run(["docker", *words], text=True, capture_output=True)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def inspect(lab: Lab, service: str) -> dict:
    """Return what the engine says of a service's first container, which may have ended."""
    listed = lab.compose("--profile", "*", "ps", "--all", "--quiet", service).stdout.split()
    return json.loads(docker("inspect", listed[0]))[0]


def inside(lab: Lab, service: str, *words: str) -> str:
    """Run a command in a service's container and return all it prints."""
    ran = lab.compose("exec", "--no-TTY", service, *words)
    return ran.stdout + ran.stderr


def network_address(lab: Lab, service: str) -> str:
    """Return a service's address in the stack's network, as the trainer sees it."""
    code = f"import socket; print(socket.gethostbyname({service!r}))"
    return lab.run("python", "-c", code).stdout.strip()


def run_script(lab: Lab, service: str, name: str, *arguments: str, index: int = 1) -> str:
    """Run tests/inside/NAME.py in a container that does not have the checkout; return what it prints."""
    script = (ROOT / "tests" / "inside" / f"{name}.py").read_text()
    exec_ = ["exec", "--no-TTY", "--index", str(index), service, "python", "-", *arguments]
    return lab.compose(*exec_, typed=script).stdout


def start_script(lab: Lab, service: str, name: str, *arguments: str) -> subprocess.Popen[str]:
    """Start tests/inside/NAME.py in a container that does not have the checkout; return its process."""
    with (ROOT / "tests" / "inside" / f"{name}.py").open() as script:
        return lab.popen("python", "-", *arguments, service=service, stdin=script)


def psql(lab: Lab, statement: str) -> str:
    """Run a statement as the database's owner and return what it answers."""
    flags = ["--username=postgres", "--tuples-only", "--no-align", "mlflow"]
    ran = lab.compose("exec", "--no-TTY", "postgres", "psql", *flags, f"--command={statement}")
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def environment(lab: Lab, service: str) -> str:
    """Return the environment that a container was made with, a variable a line."""
    return "\n".join(inspect(lab, service)["Config"]["Env"])


def secrets() -> dict[str, str]:
    """Return every secret of the lab by the name of its setting."""
    named = (*PASSWORDS, "ENCRYPTION_KEY")
    # An account's name, which is the same in every lab.
    public = "LAB_S3_READER_ACCESS_KEY"
    every = settings().items()
    return {name: value for name, value in every if name.endswith(named) and name != public}
