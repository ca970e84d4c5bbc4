"""Loggers at work inside a lab while a test does something to it."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

from tests.support.labs import Lab

COUNT = """
import mlflow
found = mlflow.get_experiment_by_name("{}")
print(len(mlflow.search_runs([found.experiment_id])) if found else 0)
"""


class Loggers:
    """Some loggers, each of which logs one run with a model after the other for some seconds."""

    def __init__(self, lab: Lab, experiment: str, seconds: int, count: int) -> None:
        """Start them; return once they are in the middle of their work."""
        self._code = COUNT.format(experiment)
        before = self._runs(lab)
        self._pool = ThreadPoolExecutor(1)
        words = ["python", "tests/inside/load.py", experiment, str(seconds), str(count)]
        self._ran = self._pool.submit(lab.run, *words)
        while self._runs(lab) < before + 5:
            assert not self._ran.done(), self._ran.result().stderr
            time.sleep(0.2)

    def _runs(self, lab: Lab) -> int:
        ran = lab.run("python", "-c", self._code)
        assert ran.returncode == 0, ran.stderr
        return int(ran.stdout)

    def told(self) -> list[dict]:
        """Wait for the loggers' end and return what they were told, as tests/inside/load.py describes it."""
        ran = self._ran.result()
        self._pool.shutdown()
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout.splitlines()[-1])
