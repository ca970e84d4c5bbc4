"""Was an exercise saved after its latest results? Then a check looks at what an earlier version created.

Nothing keeps a record of when an exercise ran. Its traces are the newest run and the newest logged model in the
exercise's experiment, and the newest file in its output folder.
"""

import os
from pathlib import Path
from typing import Any

import requests

from lab.lessons import Lesson
from lab.verdict import as_shipped

REQUEST_SECONDS = 5
# A file's time and a run's time may come from different clocks: the host's and a container's.
CLOCK_TOLERANCE_SECONDS = 2


def saved_since(lesson: Lesson) -> str | None:
    """Return a message if the exercise was saved after its latest results, otherwise None.

    An editor may save an unchanged file, and a run that fails early leaves no trace. So the message states what is
    known, and it is right to follow it in these cases too.
    """
    try:
        latest = latest_result(lesson)
        if latest is None:
            return None
        seconds = lesson.exercise.stat().st_mtime - latest
    except OSError:
        # The exercise is gone, or is writing files at this moment.
        return None
    # git sets a file's time when it writes the file, for example on a change of branch.
    if seconds <= CLOCK_TOLERANCE_SECONDS or as_shipped(lesson):
        return None
    name = lesson.exercise.relative_to(lesson.root)
    return (
        f"{name} was saved {duration(seconds)} after its latest results. "
        f"If you changed it, run it before you check it: python {name}"
    )


def latest_result(lesson: Lesson) -> float | None:
    """Return the time of the newest thing that the exercise created, in seconds since 1970, or None."""
    return max((*on_server(f"{lesson.name}_exercise"), *in_output_folder(lesson)), default=None)


def in_output_folder(lesson: Lesson) -> list[float]:
    """Return the times of the files that the exercise wrote."""
    output = Path(os.environ.get("LAB_OUTPUT") or "output")
    folders = [output / lesson.name / "exercise", output / f"{lesson.name}_exercise"]
    files = (path for folder in folders for path in folder.rglob("*"))
    return [path.stat().st_mtime for path in files if path.is_file()]


def on_server(experiment: str) -> list[float]:
    """Return the times of the experiment's newest run and newest logged model; nothing if no server answers."""
    try:
        found = api("GET", f"experiments/get-by-name?experiment_name={experiment}")
        newest = {
            "experiment_ids": [found["experiment"]["experiment_id"]],
            "max_results": 1,
        }
        by_start = {"order_by": ["attributes.start_time DESC"]}
        runs = api("POST", "runs/search", newest | by_start).get("runs", [])
        by_creation = {"order_by": [{"field_name": "creation_timestamp", "ascending": False}]}
        models = api("POST", "logged-models/search", newest | by_creation).get("models", [])
    except (requests.RequestException, KeyError, ValueError):
        return []
    times = [run["info"]["start_time"] for run in runs]
    times += [model["info"]["creation_timestamp_ms"] for model in models]
    return [int(time) / 1000 for time in times]


def api(method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Send a request to the server's REST API and return its answer. Raises requests.RequestException."""
    url = f"{os.environ.get('MLFLOW_TRACKING_URI', '')}/api/2.0/mlflow/{path}"
    response = requests.request(method, url, json=body, timeout=REQUEST_SECONDS)
    response.raise_for_status()
    answer: dict[str, Any] = response.json()
    return answer


def duration(seconds: float) -> str:
    """Return a time in words: 45 seconds, 3 minutes, 2 hours, 5 days."""
    for unit, size, most in (("second", 1, 120), ("minute", 60, 7200), ("hour", 3600, 172800)):
        if seconds < most:
            return words(round(seconds / size), unit)
    return words(round(seconds / 86400), "day")


def words(count: int, unit: str) -> str:
    """Return a number of units: 1 minute, 2 minutes."""
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
