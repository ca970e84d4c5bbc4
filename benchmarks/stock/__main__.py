"""Measure the lab's stack beside MLflow's published one.

    .venv/bin/python -m benchmarks.stock [--rounds 5] [--only start,memory,…]

Prints a table; with all measurements also writes benchmarks/results/stock.json and stock.png.
"""

import argparse
import contextlib
import json
import os
import sys
import time
from typing import Any

from mlflow.exceptions import MlflowException
from rich.console import Console

from host.errors import LabError
from host.settings import ROOT, read_env_file

# Before a client is made: as in the trainer, and a connection for each learner.
os.environ |= read_env_file(ROOT / "trainer" / "client.env") | {"MLFLOW_HTTP_POOL_MAXSIZE": "30"}

from benchmarks.stock import images, report
from benchmarks.stock.learners import learners
from benchmarks.stock.stacks import MemoryWatch, Stack, both

BESIDE, ALONE = ("start", "memory", "learners"), ("log_model", "artifacts", "images", "rebuild")
IN_TRAINER = "benchmarks/stock/in_trainer"
console = Console(stderr=True)


def beside(stacks: tuple[Stack, Stack], rounds: int, wanted: list[str]) -> dict[str, Any]:
    """Measure the two in turns, each on its own on the machine, every time started on empty volumes."""
    found: dict[str, Any] = {what: {stack.label: [] for stack in stacks} for what in wanted}
    for number in range(rounds):
        for stack in stacks:
            with console.status(f"Round {number + 1} of {rounds}, {stack.label}: start …") as now:
                seconds = stack.start()
                if "start" in wanted:
                    found["start"][stack.label].append(seconds)
                if "memory" in wanted:
                    now.update(f"Round {number + 1} of {rounds}, {stack.label}: memory …")
                    found["memory"][stack.label].append(stack.settled_memory())
                if "learners" in wanted:
                    now.update(f"Round {number + 1} of {rounds}, {stack.label}: 30 learners …")
                    found["learners"][stack.label].append(learners(stack.address))
                stack.remove()
            console.print(f"Round {number + 1} of {rounds}, {stack.label}: done")
    return found


def in_trainer(lab: Stack, script: str, rounds: int, **env: str) -> list[dict[str, Any]]:
    """Run a script in the trainer; return the JSON lines that it prints. Raises LabError."""
    command = ["python", f"{IN_TRAINER}/{script}.py", str(rounds)]
    return [json.loads(line) for line in lab.execute("trainer", *command, **env).splitlines()]


def artifacts(lab: Stack, rounds: int) -> dict[str, Any]:
    """Measure artifacts up and down, and the server's memory meanwhile."""
    key = {"AWS_ACCESS_KEY_ID": "mlflow", "AWS_SECRET_ACCESS_KEY": lab.env["LAB_S3_SECRET_KEY"]}
    with MemoryWatch(lab.container("mlflow")) as watch:
        began = time.time()
        time.sleep(1)
        idle = watch.peak(began, time.time())
        lines = in_trainer(lab, "artifacts", rounds, **key)
    for line in lines:
        line["server_memory"] = watch.peak(line["began"], line["ended"])
    return {"server_idle": idle, "transfers": lines}


def alone(lab: Stack, rounds: int, wanted: list[str]) -> dict[str, Any]:
    """Measure what is of the lab only."""
    found: dict[str, Any] = {}
    if {"log_model", "artifacts"} & set(wanted):
        with console.status("The lab with its trainer: start …"):
            lab.compose("up", "--detach", "--wait", "--no-build")
        if "log_model" in wanted:
            with console.status("log_model …"):
                found["log_model"] = in_trainer(lab, "log_model", rounds)[0]
        if "artifacts" in wanted:
            with console.status("Artifacts, 1 KB to 1 GB …"):
                found["artifacts"] = artifacts(lab, rounds)
    if "images" in wanted:
        found["images"] = images.sizes(lab)
    if "rebuild" in wanted:
        with console.status("Rebuilding after an edit …"):
            found["rebuild"] = images.rebuilds(lab, rounds)
    return found


def measure(rounds: int, wanted: list[str]) -> dict[str, Any]:
    """Measure all that is wanted, on stacks that are gone afterwards, whatever happens."""
    stacks = both()
    with contextlib.ExitStack() as cleaning:
        for stack in stacks:
            cleaning.callback(stack.remove, "--rmi", "local")
            # What a killed run left behind.
            stack.remove()
        for stack in stacks:
            with console.status(f"Building the images, {stack.label} …"):
                stack.compose("build")
        two = [what for what in BESIDE if what in wanted]
        found = beside(stacks, rounds, two) if two else {}
        return found | alone(stacks[0], rounds, wanted)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stock", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="fewer, for a try")
    every = ",".join(BESIDE + ALONE)
    parser.add_argument("--only", default=every, help=f"some of {every}; then nothing is written")
    arguments = parser.parse_args()
    wanted = arguments.only.split(",")
    if unknown := set(wanted) - set(every.split(",")):
        parser.error(f"--only knows {every}, not {', '.join(sorted(unknown))}")
    if arguments.rounds < 1:
        parser.error("--rounds needs a number from 1 on")
    try:
        found = measure(arguments.rounds, wanted)
    except (LabError, MlflowException) as error:
        sys.exit(f"\n{error}")
    except KeyboardInterrupt:
        sys.exit("\nStopped; nothing is left of its stacks.")
    results = report.machine(arguments.rounds) | found
    report.show(results)
    if wanted == every.split(","):
        report.write(results)


if __name__ == "__main__":
    main()
