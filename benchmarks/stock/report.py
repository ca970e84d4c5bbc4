"""What was measured, as a table beside its bounds, as JSON, and as a picture."""

import datetime
import json
import os
import platform
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import matplotlib
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.stock.stacks import STEPS
from host.settings import ROOT

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

RESULTS = ROOT / "benchmarks" / "results"
MB, MIB = 1e6, 2**20
WAYS = {"server": "through the server", "boto3": "boto3"}
COLORS = {"lab": "tab:blue", "stock": "tab:orange"}


@dataclass
class Row:
    """A figure of the lab, what it is compared with, and the bound of the one divided by the other."""

    name: str
    lab: float
    reference: float
    beside: str
    form: Callable[[float], str]
    bound: float
    at_least: bool = False

    @property
    def ratio(self) -> float:
        """The lab's figure in parts of the other."""
        return self.lab / self.reference

    @property
    def holds(self) -> bool:
        """Whether the ratio keeps its bound."""
        return self.ratio >= self.bound if self.at_least else self.ratio <= self.bound


def machine(rounds: int) -> dict[str, Any]:
    """Return where and when, and how often."""
    return {
        "cores": os.cpu_count(),
        "date": str(datetime.date.today()),
        "python": platform.python_version(),
        "mlflow": version("mlflow"),
        "rounds": rounds,
    }


def median(values: list[dict[str, float]], key: str) -> float:
    """Return the median of one figure of several rounds."""
    return statistics.median(value[key] for value in values)


def totals(rounds: list[dict[str, float]]) -> float:
    """Return the median of the rounds' sums."""
    return statistics.median(sum(measurement.values()) for measurement in rounds)


def seconds(value: float) -> str:
    """Write seconds."""
    return f"{value:.2f} s" if value < 1 else f"{value:.1f} s"


def mebibytes(value: float) -> str:
    """Write memory."""
    return f"{value / MIB:,.0f} MiB"


def megabytes(value: float) -> str:
    """Write bytes on disk."""
    return f"{value / MB:,.0f} MB"


def speed(value: float) -> str:
    """Write bytes per second."""
    return f"{value / MB:,.1f} MB/s" if value < 1e7 else f"{value / MB:,.0f} MB/s"


def transfer(results: dict[str, Any], way: str, size: int) -> dict[str, float | None]:
    """Return one way's median bytes per second up and down for a size, and the server's highest memory."""
    lines = [
        line
        for line in results["artifacts"]["transfers"]
        if (line["way"], line["size"]) == (way, size)
    ]
    up = statistics.median(line["between"] - line["began"] for line in lines)
    down = statistics.median(line["ended"] - line["between"] for line in lines)
    peaks = [line["server_memory"] for line in lines if line["server_memory"]]
    return {"up": size / up, "down": size / down, "memory": max(peaks, default=None)}


def transfer_sizes(results: dict[str, Any]) -> list[int]:
    """Return the sizes of the artifacts."""
    return sorted({line["size"] for line in results["artifacts"]["transfers"]})


def rows(results: dict[str, Any]) -> list[Row]:
    """Return the figures that have a bound, of what was measured."""
    figures = []
    if "start" in results:
        lab, stock = (totals(results["start"][label]) for label in COLORS)
        figures.append(Row("cold start to a healthy server", lab, stock, "stock", seconds, 0.35))
    if "memory" in results:
        lab, stock = (totals(results["memory"][label]) for label in COLORS)
        figures.append(Row("idle memory of all services", lab, stock, "stock", mebibytes, 0.20))
    if "log_model" in results:
        given, default = (
            statistics.median(results["log_model"][way]) for way in ("given", "default")
        )
        figures.append(
            Row("log_model as in the lessons", given, default, "default call", seconds, 0.15)
        )
    if "learners" in results:
        measured = [results["learners"][label] for label in COLORS]
        lab, stock = (median(each, "runs_per_second") for each in measured)
        figures.append(
            Row("30 learners, runs per second", lab, stock, "stock", "{:.1f}".format, 1.2, True)
        )
        lab, stock = (median(each, "p95") for each in measured)
        figures.append(Row("30 learners, p95 of a run", lab, stock, "stock", seconds, 0.7))
    if "artifacts" in results:
        # Big enough for readings, small enough for the server's parts and buffers.
        peak, small = (transfer(results, "server", size)["memory"] for size in (10**9, 10**7))
        if peak and small:
            figures.append(
                Row("server's memory, 1 GB passing", peak, small, "10 MB passing", mebibytes, 1.5)
            )
    if "images" in results:
        images = results["images"]
        both, server = images["mlflow, trainer"], images["mlflow"]
        figures.append(
            Row("images of server and trainer", both, server, "server alone", megabytes, 1.2)
        )
        three = images["mlflow, trainer, minio"]
        figures.append(Row("the three images together", three, 1.25e9, "1.25 GB", megabytes, 1.0))
    if "rebuild" in results:
        once = median(results["rebuild"]["lab"], "seconds")
        figures.append(Row("rebuild after a change in lab", once, 5.0, "5 s", seconds, 1.0))
        new = max(measurement["images"] for measurement in results["rebuild"]["a lesson"])
        # Not how long it takes, which is Compose looking.
        figures.append(
            Row("images new after a change in a lesson", new, 1, "none", "{:.0f}".format, 0.0)
        )
    return figures


def bounds(results: dict[str, Any]) -> Table:
    """Return the table of the figures that have a bound."""
    table = Table(box=box.MARKDOWN)
    for name in ("", "lab", "beside", "", "ratio", "bound", ""):
        table.add_column(name, justify="right" if name in ("lab", "beside", "ratio") else "left")
    for row in rows(results):
        bound = f"at {'least' if row.at_least else 'most'} {row.bound:g}"
        verdict = "holds" if row.holds else "MISSED"
        reference = row.form(row.reference) if row.beside not in ("none", "5 s", "1.25 GB") else ""
        table.add_row(
            row.name, row.form(row.lab), reference, row.beside, f"{row.ratio:.2f}", bound, verdict
        )
    return table


def steps(results: dict[str, Any]) -> Table:
    """Return the table of where a cold start's seconds go."""
    table = Table("a cold start's seconds", *COLORS, box=box.MARKDOWN)
    for step, description in STEPS.items():
        table.add_row(
            description, *(f"{median(results['start'][label], step):.1f}" for label in COLORS)
        )
    return table


def memory(results: dict[str, Any]) -> Table:
    """Return the table of idle memory by service."""
    table = Table("idle memory", *COLORS, box=box.MARKDOWN)
    rounds = [results["memory"][label] for label in COLORS]
    for description, names in {
        "MLflow": ("mlflow",),
        "Postgres": ("postgres",),
        "MinIO": ("minio", "storage"),
    }.items():
        cells = []
        for each in rounds:
            name = next(name for name in names if name in each[0])
            cells.append(mebibytes(median(each, name)))
        table.add_row(description, *cells)
    return table


def transfers(results: dict[str, Any]) -> Table:
    """Return the table of artifacts: up / down by each way, and the server's memory."""
    table = Table("size", *(f"{way}, up / down" for way in WAYS.values()), box=box.MARKDOWN)
    table.add_column("server's memory")
    for size in transfer_sizes(results):
        by_way = {way: transfer(results, way, size) for way in WAYS}
        speeds = [f"{speed(each['up'])} / {speed(each['down'])}" for each in by_way.values()]
        peak = by_way["server"]["memory"]
        table.add_row(
            f"{size / 1000:,.0f} KB" if size < MB else megabytes(size),
            *speeds,
            mebibytes(peak) if peak else "too short to see",
        )
    return table


def show(results: dict[str, Any]) -> None:
    """Print all tables, as Markdown."""
    console = Console(width=200)
    about = "{cores} cores, {date}, Python {python}, MLflow {mlflow}, rounds: {rounds}\n"
    console.print(about.format(**results), highlight=False)
    console.print(bounds(results))
    parts = {"start": steps, "memory": memory, "artifacts": transfers}
    for measurement, table in parts.items():
        if measurement in results:
            console.print(table(results))
    if "learners" in results:
        failed = {
            label: sum(each["failed"] for each in results["learners"][label]) for label in COLORS
        }
        console.print(
            "Runs of the learners that failed:",
            ", ".join(f"{label} {count:.0f}" for label, count in failed.items()),
            highlight=False,
        )
    if "images" in results:
        sizes = [f"{name} {megabytes(size)}" for name, size in results["images"].items()]
        console.print("Images, shared layers counted once:", ", ".join(sizes), highlight=False)
    if "rebuild" in results:
        once = median(results["rebuild"]["a lesson"], "seconds")
        console.print(f"A build after a change in a lesson takes {once:.1f} s.", highlight=False)


def picture_of_starts(axes: Axes, results: dict[str, Any]) -> None:
    """Draw where a cold start's seconds go."""
    left = [0.0, 0.0]
    for step, description in STEPS.items():
        widths = [median(results["start"][label], step) for label in COLORS]
        axes.barh(list(COLORS), widths, left=left, label=description)
        left = [before + width for before, width in zip(left, widths, strict=True)]
    axes.set(title="Cold start", xlabel="seconds")
    axes.invert_yaxis()
    axes.legend(fontsize="x-small", loc="upper center", bbox_to_anchor=(0.5, -0.2))


def picture_of_transfers(axes: Axes, results: dict[str, Any]) -> None:
    """Draw how fast artifacts are uploaded, by size."""
    sizes = transfer_sizes(results)
    for way, name in WAYS.items():
        for direction, style in {"up": "-", "down": ":"}.items():
            speeds = [transfer(results, way, size)[direction] / MB for size in sizes]
            color = f"C{list(WAYS).index(way)}"
            axes.plot(sizes, speeds, style, color=color, marker="o", label=f"{name}, {direction}")
    axes.set(title="Artifacts", xlabel="bytes", ylabel="MB/s", xscale="log", yscale="log")
    axes.legend(fontsize="x-small")


def write(results: dict[str, Any]) -> None:
    """Write the results as JSON and as a picture."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "stock.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    figure, panels = plt.subplots(2, 2, figsize=(10, 8), layout="constrained")
    picture_of_starts(panels[0, 0], results)
    picture_of_transfers(panels[0, 1], results)
    sums = [totals(results["memory"][label]) / MIB for label in COLORS]
    panels[1, 0].barh(list(COLORS), sums, color=list(COLORS.values()))
    panels[1, 0].set(title="Idle memory of all services", xlabel="MiB")
    panels[1, 0].invert_yaxis()
    for label, color in COLORS.items():
        each = results["learners"][label]
        panels[1, 1].scatter(
            [measurement["runs_per_second"] for measurement in each],
            [measurement["p95"] for measurement in each],
            c=color,
            label=label,
        )
    panels[1, 1].set(title="30 learners", xlabel="runs per second", ylabel="p95 of a run, s")
    panels[1, 1].legend()
    figure.savefig(RESULTS / "stock.png", dpi=100)
