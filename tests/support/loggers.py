"""Loggers at work inside a lab while a test does something to it."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor

from tests.support.labs import Lab


def outcomes(output: str) -> list[dict]:
    """Return what loggers were told, from what tests/inside/load.py printed."""
    return json.loads(output.splitlines()[-1])


class Loggers:
    """Some loggers, each of which logs one run with a model after the other."""

    def __init__(self, lab: Lab, experiment: str, seconds: int, count: int) -> None:
        """Start the loggers; return when they have logged some runs. They go on for `seconds`."""
        command = ["python", "-m", "tests.inside.load", experiment, str(seconds), str(count)]
        self._process = lab.popen(*command, stderr=subprocess.PIPE)
        self._pool = ThreadPoolExecutor(1)
        # Read now: a full pipe would stop the loggers.
        self._errors = self._pool.submit(self._process.stderr.read)
        assert self._process.stdout.readline() == "at work\n", self._errors.result()

    def told(self) -> list[dict]:
        """Wait for the loggers' end and return what they were told, as tests/inside/load.py describes it."""
        output = self._process.stdout.read()
        errors = self._errors.result()
        self._pool.shutdown()
        assert self._process.wait() == 0, errors
        return outcomes(output)
