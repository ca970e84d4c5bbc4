"""What can be wrong with the place where the lessons run: its files, its room, its variables, its packages."""

import getpass
import os
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import Requirement

from lab.doctor import Finding
from lab.lessons import lab_root

MEBI = 1024 * 1024
# A container's limit and what it uses of it, in bytes, and its statistics with the name of the part
# that can be dropped: cgroup version 2, and version 1.
V2, V1 = Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/memory")
CGROUP_FILES = [
    (V2 / "memory.max", V2 / "memory.current", V2 / "memory.stat", "inactive_file"),
    (
        V1 / "memory.limit_in_bytes",
        V1 / "memory.usage_in_bytes",
        V1 / "memory.stat",
        "total_inactive_file",
    ),
]
LEAST_DISK, LEAST_MEMORY = 500 * MEBI, 400 * MEBI


def lessons() -> str:
    """The lessons can be read."""
    return str(lab_root())


def disk() -> str:
    """There is room for what lessons write."""
    folder = Path(os.environ.get("LAB_OUTPUT") or ".")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise Finding(
            f"Lessons cannot write to {folder} (LAB_OUTPUT): make that folder, give it to the user "
            f"with the number {os.getuid()}, or name another."
        )
    free = shutil.disk_usage(folder).free
    if free < LEAST_DISK:
        raise Finding(
            f"Only {free // MEBI} MiB are free for what lessons write ({folder}). "
            "Make room: docker system prune, or make delete-data"
        )
    return f"{free // MEBI} MiB free"


def memory() -> str:
    """There is memory for a lesson, on the machine and within a container's limit."""
    meminfo = Path("/proc/meminfo")
    if not meminfo.exists():
        return "cannot be told on this system"
    values = dict(line.split(":") for line in meminfo.read_text().splitlines())
    free = int(values["MemAvailable"].split()[0]) * 1024
    for limit, used, statistics, cache in CGROUP_FILES:
        if limit.exists() and (maximum := limit.read_text().strip()) != "max":
            # What a container has read from its files can be dropped at any time.
            droppable = dict(line.split() for line in statistics.read_text().splitlines())[cache]
            free = min(free, int(maximum) - int(used.read_text()) + int(droppable))
    if free < LEAST_MEMORY:
        raise Finding(
            f"Only {free // MEBI} MiB of memory are available, a lesson takes about 300. "
            "Close something, or give Docker more (Docker Desktop: Settings, Resources)."
        )
    return f"{free // MEBI} MiB available"


def variables() -> str:
    """No variable left over from other work overrides the lab's."""
    settings = (lab_root() / "trainer" / "client.env").read_text().splitlines()
    lab_names = {line.split("=")[0] for line in settings if not line.startswith("#")} | {
        "MLFLOW_TRACKING_URI"
    }
    # MLFLOW_PORT is the lab's own setting, of .env.
    lab_names.add("MLFLOW_PORT")
    leftover = [
        name
        for name in os.environ
        if name.startswith(("AWS_", "MLFLOW_")) and name not in lab_names
    ]
    # Only a file of authorities, which no request of ours needs and none is harmed by.
    leftover = sorted(set(leftover) - {"AWS_CA_BUNDLE"})
    if leftover:
        raise Finding(
            f"{', '.join(leftover)} is set here and not by the lab; MLflow and boto3 obey such variables. "
            f"Remove it: unset {' '.join(leftover)}"
        )
    return "none left over"


def git() -> str:
    """MLflow can record the commit that a run belongs to."""
    if shutil.which("git") is None:
        raise Finding(
            "There is no git, so runs record no commit. Install git (Debian: apt install git)."
        )
    root = lab_root()
    result = subprocess.run(
        ["git", "-C", root, "rev-parse", "HEAD"], text=True, capture_output=True
    )
    if "dubious ownership" in result.stderr:
        raise Finding(
            f"git does not trust {root}, whose owner is somebody else, so runs record no commit. "
            f"Trust it: git config --global --add safe.directory {root}"
        )
    if result.returncode != 0:
        return "no checkout of git's: runs record no commit"
    return f"commit {result.stdout[:12]}"


def user_name() -> str:
    """MLflow can record who trains."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise Finding(
            f"User number {os.getuid()} has no name, and MLflow's log_model fails without one. "
            "Give it one: export LOGNAME=learner (in the trainer: set LAB_UID in .env and build again)."
        ) from None


def packages() -> str:
    """The packages are those that the lab was tested with."""
    pinned = (lab_root() / "requirements" / "trainer.txt").read_text().splitlines()
    requirements = [
        Requirement(line.strip(" \\")) for line in pinned if "==" in line and "--hash" not in line
    ]
    mismatches = []
    for requirement in requirements:
        if requirement.marker and not requirement.marker.evaluate():
            continue
        try:
            installed = version(requirement.name)
        except PackageNotFoundError:
            installed = "missing"
        if not requirement.specifier.contains(
            installed if installed != "missing" else "0", prereleases=True
        ):
            mismatches.append(
                f"{requirement.name} {installed} (pinned: {str(requirement.specifier).lstrip('=')})"
            )
    if mismatches:
        raise Finding(
            f"Not as pinned: {', '.join(mismatches)}. Build again: docker compose up --build --wait "
            "(embedded: remove .venv, then make up)."
        )
    return f"{len(requirements)} as pinned"


CHECKS = {"disk": disk, "memory": memory, "user name": user_name}
# These read the checkout, and wait for it to be readable.
CHECKOUT = {"lessons": lessons, "variables": variables, "git": git, "packages": packages}
