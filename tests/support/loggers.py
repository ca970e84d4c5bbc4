"""Loggers at work inside a lab while a test does something to it."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

from tests.support.labs import Lab


def runs(lab: Lab, experiment: str) -> int:
    """Return how many runs an experiment has."""
    return int(lab.script("count_runs", experiment))


def outcomes(output: str) -> list[dict]:
    """Return what loggers were told, from what tests/inside/load.py printed."""
    return json.loads(output.splitlines()[-1])


class Loggers:
    """Some loggers, each of which logs one run with a model after the other for some seconds."""

    def __init__(self, lab: Lab, experiment: str, seconds: int, count: int) -> None:
        """Start them; return once they are in the middle of their work."""
        before = runs(lab, experiment)
        self._pool = ThreadPoolExecutor(1)
        words = ["load", experiment, str(seconds), str(count)]
        self._output = self._pool.submit(lab.script, *words)
        while runs(lab, experiment) < before + 5:
            assert not self._output.done(), self._output.result()
            time.sleep(0.2)

    def told(self) -> list[dict]:
        """Wait for the loggers' end and return what they were told, as tests/inside/load.py describes it."""
        output = self._output.result()
        self._pool.shutdown()
        return outcomes(output)
