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


def beside(stacks: tuple[Stack, Stack], rounds: int, measurements: list[str]) -> dict[str, Any]:
    """Measure the two in turns, each on its own on the machine, every time started on empty volumes."""
    results: dict[str, Any] = {
        measurement: {stack.label: [] for stack in stacks} for measurement in measurements
    }
    for number in range(rounds):
        for stack in stacks:
            with console.status(
                f"Round {number + 1} of {rounds}, {stack.label}: start …"
            ) as status:
                seconds = stack.start()
                if "start" in measurements:
                    results["start"][stack.label].append(seconds)
                if "memory" in measurements:
                    status.update(f"Round {number + 1} of {rounds}, {stack.label}: memory …")
                    results["memory"][stack.label].append(stack.settled_memory())
                if "learners" in measurements:
                    status.update(f"Round {number + 1} of {rounds}, {stack.label}: 30 learners …")
                    results["learners"][stack.label].append(learners(stack.address))
                stack.remove()
            console.print(f"Round {number + 1} of {rounds}, {stack.label}: done")
    return results


def in_trainer(lab: Stack, script: str, rounds: int, **env: str) -> list[dict[str, Any]]:
    """Run a script in the trainer; return the JSON lines that it prints. Raises LabError."""
    command = ["python", f"{IN_TRAINER}/{script}.py", str(rounds)]
    return [json.loads(line) for line in lab.execute("trainer", *command, **env).splitlines()]


def artifacts(lab: Stack, rounds: int) -> dict[str, Any]:
    """Measure artifacts up and down, and the server's memory meanwhile."""
    key = {
        "AWS_ACCESS_KEY_ID": lab.env["LAB_S3_ACCESS_KEY"],
        "AWS_SECRET_ACCESS_KEY": lab.env["LAB_S3_SECRET_KEY"],
    }
    with MemoryWatch(lab.container("mlflow")) as watch:
        began = time.time()
        time.sleep(1)
        idle = watch.peak(began, time.time())
        lines = in_trainer(lab, "artifacts", rounds, **key)
    for line in lines:
        line["server_memory"] = watch.peak(line["began"], line["ended"])
    return {"server_idle": idle, "transfers": lines}


def alone(lab: Stack, rounds: int, measurements: list[str]) -> dict[str, Any]:
    """Measure what only the lab has."""
    results: dict[str, Any] = {}
    if {"log_model", "artifacts"} & set(measurements):
        with console.status("The lab with its trainer: start …"):
            lab.compose("up", "--detach", "--wait", "--no-build")
        if "log_model" in measurements:
            with console.status("log_model …"):
                results["log_model"] = in_trainer(lab, "log_model", rounds)[0]
        if "artifacts" in measurements:
            with console.status("Artifacts, 1 KB to 1 GB …"):
                results["artifacts"] = artifacts(lab, rounds)
    if "images" in measurements:
        results["images"] = images.sizes(lab)
    if "rebuild" in measurements:
        with console.status("Rebuilding after an edit …"):
            results["rebuild"] = images.rebuilds(lab, rounds)
    return results


def measure(rounds: int, measurements: list[str]) -> dict[str, Any]:
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
        comparisons = [measurement for measurement in BESIDE if measurement in measurements]
        results = beside(stacks, rounds, comparisons) if comparisons else {}
        return results | alone(stacks[0], rounds, measurements)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stock", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="fewer, for a try")
    every = ",".join(BESIDE + ALONE)
    parser.add_argument("--only", default=every, help=f"some of {every}; then nothing is written")
    arguments = parser.parse_args()
    measurements = arguments.only.split(",")
    if unknown := set(measurements) - set(every.split(",")):
        parser.error(f"--only knows {every}, not {', '.join(sorted(unknown))}")
    if arguments.rounds < 1:
        parser.error("--rounds needs a number from 1 on")
    try:
        results = measure(arguments.rounds, measurements)
    except (LabError, MlflowException) as error:
        sys.exit(f"\n{error}")
    except KeyboardInterrupt:
        sys.exit("\nStopped; nothing is left of its stacks.")
    results = report.machine(arguments.rounds) | results
    report.show(results)
    if measurements == every.split(","):
        report.write(results)


if __name__ == "__main__":
    main()
