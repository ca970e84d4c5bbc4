"""Checks of the machine or container in which the lessons run: files, disk, memory, variables, packages."""

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
# For cgroup version 2, then for version 1: the files with a container's memory limit, with the memory that it uses,
# in bytes, and with statistics. The last word names the part of the used memory that the kernel can free.
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
    """Check that the lessons can be read."""
    return str(lab_root())


def disk() -> str:
    """Check that there is space for the files that lessons write."""
    folder = Path(os.environ.get("LAB_OUTPUT") or ".")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise Finding(
            f"Lessons cannot write to the folder {folder} (LAB_OUTPUT). Create it, give it to the user "
            f"with the number {os.getuid()}, or set LAB_OUTPUT to another folder."
        )
    free = shutil.disk_usage(folder).free
    if free < LEAST_DISK:
        raise Finding(
            f"Only {free // MEBI} MiB are free for the files that lessons write ({folder}). "
            "Free some space: docker system prune, or make delete-data"
        )
    return f"{free // MEBI} MiB free"


def memory() -> str:
    """Check that there is memory for a lesson, on the machine and within a container's limit."""
    meminfo = Path("/proc/meminfo")
    if not meminfo.exists():
        return "this system does not report it"
    values = dict(line.split(":") for line in meminfo.read_text().splitlines())
    free = int(values["MemAvailable"].split()[0]) * 1024
    for limit, used, statistics, cache in CGROUP_FILES:
        if limit.exists() and (maximum := limit.read_text().strip()) != "max":
            # The kernel can free the memory with the contents of files at any time.
            droppable = dict(line.split() for line in statistics.read_text().splitlines())[cache]
            free = min(free, int(maximum) - int(used.read_text()) + int(droppable))
    if free < LEAST_MEMORY:
        raise Finding(
            f"Only {free // MEBI} MiB of memory are available, and a lesson needs about 300. "
            "Close other programs, or give Docker more memory (Docker Desktop: Settings, Resources)."
        )
    return f"{free // MEBI} MiB available"


def variables() -> str:
    """Check that no variable from other work overrides the lab's settings."""
    settings = (lab_root() / "trainer" / "client.env").read_text().splitlines()
    lab_names = {line.split("=")[0] for line in settings if not line.startswith("#")}
    # docker-compose.yml sets these, and MLFLOW_PORT is a setting of the lab, in .env.
    lab_names |= {"MLFLOW_TRACKING_URI", "MLFLOW_HOST", "MLFLOW_DFS_TMP", "MLFLOW_PORT"}
    leftover = [
        name
        for name in os.environ
        if name.startswith(("AWS_", "MLFLOW_")) and name not in lab_names
    ]
    # It names a file with certificates. Our requests do not use it, and it does no harm.
    leftover = sorted(set(leftover) - {"AWS_CA_BUNDLE"})
    if leftover:
        raise Finding(
            "These variables are set, but not by the lab, and MLflow and boto3 use such variables: "
            f"{', '.join(leftover)}. Remove them: unset {' '.join(leftover)}"
        )
    return "no variable from other work"


def git() -> str:
    """Check that MLflow can record the git commit of a run."""
    if shutil.which("git") is None:
        raise Finding(
            "git is not installed, so MLflow cannot record the commit of a run. Install git (Debian: apt install git)."
        )
    root = lab_root()
    result = subprocess.run(
        ["git", "-C", root, "rev-parse", "HEAD"], text=True, capture_output=True
    )
    if "dubious ownership" in result.stderr:
        raise Finding(
            f"git does not trust {root}, because another user owns it. So MLflow cannot record the commit of a run. "
            f"Make git trust it: git config --global --add safe.directory {root}"
        )
    if result.returncode != 0:
        return "this folder is not a git checkout, so MLflow records no commit"
    return f"commit {result.stdout[:12]}"


def user_name() -> str:
    """Check that MLflow can record the user's name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise Finding(
            f"The user with the number {os.getuid()} has no name, and MLflow's log_model fails without one. "
            "Set a name: export LOGNAME=learner (in the trainer: set LAB_UID in .env and build again)."
        ) from None


def packages() -> str:
    """Check that the installed packages have the versions that the lab was tested with."""
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
                f"{requirement.name} {installed} instead of {str(requirement.specifier).lstrip('=')}"
            )
    if mismatches:
        raise Finding(
            f"Wrong versions: {', '.join(mismatches)}. Build again: docker compose up --build --wait "
            "(in the embedded mode: make reset-packages)."
        )
    return f"{len(requirements)} packages in the right versions"


CHECKS = {"disk": disk, "memory": memory, "user name": user_name}
# These read the checkout, so the first one checks that it can be read.
CHECKOUT = {"lessons": lessons, "variables": variables, "git": git, "packages": packages}
