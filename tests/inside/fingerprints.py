"""Change each thing that a verdict depends on, and print which changes the fingerprint has shown, as JSON.

The value is true or false for a change, and null for a place in which nothing can be known.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import mlflow
import requests

from lab import remembered
from lab.fingerprint import fingerprint

NAME = f"iris_fingerprint_{uuid4().hex[:8]}"
ARTIFACTS = f"{os.environ['MLFLOW_TRACKING_URI']}/api/2.0/mlflow-artifacts/artifacts/{NAME}"
OUTPUT = Path(os.environ["LAB_OUTPUT"], NAME)
client = mlflow.MlflowClient()


def put(content: bytes) -> None:
    """Write an object through the server."""
    requests.put(ARTIFACTS, data=content, timeout=60).raise_for_status()


def current(root: Path) -> str | None:
    """Return the fingerprint."""
    return fingerprint(root, remembered.output(root), remembered.FILE)


def settled(root: Path) -> str:
    """Return the fingerprint when no file has changed a moment ago."""
    deadline = time.monotonic() + 60
    while not (found := current(root)):
        assert time.monotonic() < deadline, "The fingerprint stays unknown."
        time.sleep(0.2)
    return found


def changes(root: Path) -> dict[str, Callable[[], object]]:
    """Return functions that change one thing each, in the order in which they can run."""
    lesson = root / "tutorial" / "03_models_pyfunc"
    info = client.create_run(client.create_experiment(NAME)).info
    run, source = info.run_id, f"{info.artifact_uri}/model"
    return {
        "a run's tag": lambda: client.set_tag(run, "a", "b"),
        "a run's end": lambda: client.set_terminated(run, "FAILED"),
        "a registered model": lambda: client.create_registered_model(NAME),
        "a version": lambda: client.create_model_version(NAME, source, run),
        "a version's tag": lambda: client.set_model_version_tag(NAME, "1", "gate", "passed"),
        "an alias": lambda: client.set_registered_model_alias(NAME, "champion", "1"),
        "a deleted alias": lambda: client.delete_registered_model_alias(NAME, "champion"),
        "a deleted version": lambda: client.delete_model_version(NAME, "1"),
        "a deleted run": lambda: client.delete_run(run),
        "a new object": lambda: put(b"1"),
        "a replaced object": lambda: put(b"2"),
        "a deleted object": lambda: requests.delete(ARTIFACTS, timeout=60).raise_for_status(),
        "a file in the output folder": lambda: OUTPUT.write_text("1"),
        "a deleted file in the output folder": lambda: OUTPUT.unlink(),
        "an exercise": lambda: (lesson / "exercise.py").write_text("x = 2\n"),
        "a check": lambda: (lesson / ".lesson" / "check.py").write_text("x = 2\n"),
        "an environment variable": lambda: os.environ.update(LAB_TEST=NAME),
    }


@contextmanager
def variable(name: str, value: str) -> Iterator[None]:
    """Give an environment variable another value for a while."""
    before = os.environ.pop(name, None)
    os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name)
        if before is not None:
            os.environ[name] = before


def main() -> None:
    """Print the result."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        lesson = root / "tutorial" / "03_models_pyfunc"
        (lesson / ".lesson").mkdir(parents=True)
        (lesson / "exercise.py").write_text("x = 1\n")
        (lesson / ".lesson" / "check.py").write_text("x = 1\n")
        to_do = changes(root)
        before = settled(root)
        seen: dict[str, bool | None] = {"nothing": settled(root) != before}
        for name, change in to_do.items():
            change()
            after = settled(root)
            seen[name], before = after != before, after
        elsewhere = {
            "no mode": ("LAB_MODE", ""),
            "another server": ("MLFLOW_TRACKING_URI", "http://127.0.0.1:9"),
            "another store": ("LAB_ARTIFACTS_DIR", folder),
            "another database": ("LAB_SQLITE_FILE", f"{folder}/none.db"),
        }
        if os.environ["LAB_MODE"] == "stack":
            elsewhere["another store"] = ("LAB_S3_BUCKET", "another")
            elsewhere["another database"] = ("PGDATABASE", "postgres")
        for name, (variable_name, value) in elsewhere.items():
            with variable(variable_name, value):
                seen[name] = current(root) and True
    client.delete_registered_model(NAME)
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
